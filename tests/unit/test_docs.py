"""README.md and docs/ say what is so."""

import re
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from rackwright.cli import app
from rackwright.docs import PAGES, REPORT_SCHEMA, ROOT, made_anew, report_schema
from rackwright.settings import Settings


def test_settings_and_inventories_are_as_they_are_now() -> None:
    texts = [page.read_text() for page in PAGES]
    assert [made_anew(text) for text in texts] == texts, "run `make docs`"
    everything = "\n".join(texts)
    assert all(f"| `{name}` |" in everything for name in Settings.model_fields)
    for name in ("example.py", "gpu_lab.py"):
        assert f"<!-- inventory/{name} -->\n```python\n" in everything


def test_the_schema_of_reports_is_that_of_the_models() -> None:
    assert REPORT_SCHEMA.read_text() == report_schema(), "run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    shown = re.findall(r"""(?:\]\(|src(?:set)?=")([^)"]+)[)"]""", page.read_text())
    for link in (each for each in shown if "://" not in each):
        path, _, anchor = link.partition("#")
        to = (page.parent / path) if path else page
        assert to.exists(), link
        assert not anchor or anchor in anchors(to.read_text()), link


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a page."""
    headings = re.findall(r"(?m)^##* (.*)$", re.sub(r"(?ms)^```.*?^```$", "", text))
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_every_page_is_found_from_the_readme() -> None:
    readme, *pages = PAGES
    text = readme.read_text()
    assert [page.name for page in pages if f"](docs/{page.name}" not in text] == []


def flags() -> dict[str, set[str]]:
    """The commands of rackwright with their flags."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return {
        name: {flag for each in command.params for flag in each.opts}
        for name, command in group.commands.items()
    }


def test_the_commands_that_wait_and_those_for_some_hosts_are_named() -> None:
    text = "\n".join(page.read_text() for page in PAGES)
    (named,) = re.findall(r"(?s)commands that change hosts\. Those - (.*?) - have `--wait", text)
    waiting = {name for name, known in flags().items() if {"--wait", "--break-lock"} <= known}
    assert set(re.findall(r"`(\w+)`", named)) == waiting
    (named,) = re.findall(r"(?s)Each command but\s(.*?), which .{,40} asks all hosts", text)
    whole = {name for name, known in flags().items() if not {"--limit", "--exclude"} <= known}
    assert {*re.findall(r"`(\w+)`", named), "report"} == whole


def test_the_commands_of_the_table_by_hand_are_there() -> None:
    text = (ROOT / "docs" / "by-hand.md").read_text()
    assert len(text.splitlines()) <= 40
    named = re.findall(r"`rackwright ([a-z]+)([^`]*)`", text)
    assert len(named) > 10
    known = flags()
    for name, words in named:
        used = re.findall(r"(?<!\w)--[a-z][a-z-]*", words)
        assert set(used) <= known[name], (name, words)
    for setting in set(re.findall(r"`((?:docker|apt|pip)_[a-z_]+)", text)):
        assert setting in Settings.model_fields, setting
    for template in re.findall(r"templates/[\w.]+", text):
        assert (ROOT / template).exists(), template


def test_no_merge_is_half_done() -> None:
    marks = ("<" * 7 + " ", ">" * 7 + " ")
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")):
        assert not [line for line in page.read_text().splitlines() if line.startswith(marks)], page
