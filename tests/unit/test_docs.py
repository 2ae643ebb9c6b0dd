"""README.md says what is so."""

import re
import runpy

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from rackwright.cli import app
from rackwright.docs import README, REPORT_SCHEMA, report_schema, with_settings_table
from rackwright.laptop.compose_files import with_compose_files
from rackwright.laptop.fleet_cache import with_fleet_cache
from rackwright.settings import Settings, parse_fleet


def test_the_table_of_settings_is_the_schema() -> None:
    text = README.read_text()
    assert with_settings_table(text) == text, "run `make docs`"
    assert all(f"| `{name}` |" in text for name in Settings.model_fields)


def test_the_schema_of_reports_is_that_of_the_models() -> None:
    assert REPORT_SCHEMA.read_text() == report_schema(), "run `make docs`"


@pytest.mark.parametrize("name", ["example.py", "gpu_lab.py"])
def test_the_inventories_are_those_in_the_readme(name: str) -> None:
    text = (README.parent / "inventory" / name).read_text()
    _, _, inventory = text.rpartition('"""\n\n')
    assert inventory in README.read_text()


def test_what_the_readme_shows_is_there() -> None:
    shown = re.findall(r"""(?:\]\(|src(?:set)?=")([^)"#:]+)[)"]""", README.read_text())
    assert "docs/report-light.png" in shown
    assert [path for path in shown if not (README.parent / path).exists()] == []


def test_the_commands_of_the_table_by_hand_are_there() -> None:
    text = (README.parent / "docs" / "by-hand.md").read_text()
    assert len(text.splitlines()) <= 40
    named = re.findall(r"`rackwright ([a-z]+)([^`]*)`", text)
    assert len(named) > 10
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    commands = group.commands
    for name, words in named:
        flags = {flag for each in commands[name].params for flag in each.opts}
        used = re.findall(r"(?<!\w)--[a-z][a-z-]*", words)
        assert set(used) <= flags, (name, words)
    for setting in set(re.findall(r"`((?:docker|apt|pip)_[a-z_]+)", text)):
        assert setting in Settings.model_fields, setting
    for template in re.findall(r"templates/[\w.]+", text):
        assert (README.parent / template).exists(), template


def test_the_settings_of_the_gpu_lab_are_right() -> None:
    found = runpy.run_path(str(README.parent / "inventory" / "gpu_lab.py"))
    (names, everywhere), (gpus, gpu) = found["everywhere"], found["gpu"]
    data = {name: {**everywhere, **(gpu if name in gpus else {})} for name in names}
    fleet = with_compose_files(with_fleet_cache(parse_fleet(data), data))
    assert [name for name, each in fleet.items() if each.cache and each.cache.serves] == ["cache-1"]
