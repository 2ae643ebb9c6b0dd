"""README.md says what is so."""

import re
from pathlib import Path

from rackwright.docs import README, REPORT_SCHEMA, report_schema, with_settings_table
from rackwright.settings import Settings


def test_the_table_of_settings_is_the_schema() -> None:
    text = README.read_text()
    assert with_settings_table(text) == text, "run `make docs`"
    assert all(f"| `{name}` |" in text for name in Settings.model_fields)


def test_the_schema_of_reports_is_that_of_the_models() -> None:
    assert REPORT_SCHEMA.read_text() == report_schema(), "run `make docs`"


def test_the_example_inventory_is_the_one_in_the_readme() -> None:
    example = (Path(README).parent / "inventory" / "example.py").read_text()
    _, _, inventory = example.rpartition('"""\n\n')
    assert inventory in README.read_text()


def test_what_the_readme_shows_is_there() -> None:
    shown = re.findall(r"""(?:\]\(|src(?:set)?=")([^)"#:]+)[)"]""", README.read_text())
    assert "docs/report-light.png" in shown
    assert [path for path in shown if not (README.parent / path).exists()] == []
