"""What follows from measured seconds."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.cases import CASES, CHECK, OURS, START_UP, Case, Site, contenders
from bench.pages import made_anew
from bench.report import budget, heading, into, markdown, rows, span, summary
from bench.result import Result, ratios, result, verdict

MEASURED = result(
    CASES[0],
    "2026-11-24",
    {"cores": 2},
    {OURS: [1.0, 3.0, 1.2], CHECK: [0.5, 1.5, 0.5], START_UP: [0.5, 1.5, 0.6]},
    {OURS: [1, 1], CHECK: [1, 1], START_UP: [0, 0]},
)


def test_ratios_are_taken_round_by_round() -> None:
    assert ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]


@pytest.mark.parametrize(("factor", "met"), [(1.25, True), (0.9, False)])
def test_the_budget_leaves_our_start_up_out(factor: float, met: bool) -> None:
    said = verdict(replace(MEASURED, factor=factor))
    assert said.seen == pytest.approx(1.0)
    assert said.met is met


def test_without_start_up_the_whole_run_counts() -> None:
    bare: Result = replace(MEASURED, start_up=False)
    assert verdict(bare).seen == pytest.approx(2.0)


def test_a_budget_may_be_seconds_above_the_floor() -> None:
    above = replace(MEASURED, start_up=False, factor=1.0, above=0.6)
    assert verdict(above).seen == pytest.approx(1.2)
    assert budget(replace(above, factor=1.2)) == (
        "met: 1.20 times the floor + 0.60 s, budget 1.20 + 0.60 s "
        "(medians: 1.20 s of 1.20 s allowed)"
    )


def test_rows_show_the_span_of_commands() -> None:
    uneven = replace(MEASURED, commands={**MEASURED.commands, OURS: [35, 38]})
    assert rows(uneven)[0] == (OURS, "1.20 s", "1.00 to 3.00 s", "2.00", "35 to 38")


def test_results_go_between_the_marks_of_the_readme() -> None:
    page = "before\n<!-- results -->\nold<!-- end of results -->\nafter\n"
    text = into(page, "results", markdown([MEASURED]))
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| rackwright | 1.20 s |" in text


def test_the_readmes_have_the_kept_results() -> None:
    for page, text in made_anew().items():
        assert page.read_text() == text, f"{page}: run `python -m bench.pages`"


def test_budgets_in_short() -> None:
    page = {"hosts": 9, "date": "2026-11-25", "budgets": {"sort": 100.0}}
    above = replace(MEASURED, start_up=False, factor=1.0, above=0.6)
    lines = summary([MEASURED, above], {**page, "milliseconds": {"sort": [104.0, 210.0]}})
    assert lines.splitlines()[2:] == [
        "| nothing to change, 4 hosts | 1.20 s, 1.00 times without our start-up "
        "| ssh, one check: 0.50 s | 1.25 times: met | 2026-11-24 |",
        "| nothing to change, 4 hosts | 1.20 s, 0.70 s more "
        "| ssh, one check: 0.50 s | 0.6 s more: MISSED | 2026-11-24 |",
        "| the report of 9 hosts in Chromium: sort | 0.10 s, the fastest round "
        "| | 0.1 s: MISSED | 2026-11-25 |",
    ]


def test_a_missed_budget_says_so_with_its_numbers() -> None:
    assert budget(replace(MEASURED, factor=0.9)) == (
        "MISSED: 1.00 times the floor + 0.60 s start-up, budget 0.90 + start-up "
        "(medians: 1.20 s of 1.05 s allowed)"
    )
    assert budget(replace(MEASURED, start_up=False, factor=2.4)) == (
        "met: 2.00 times the floor, budget 2.40 (medians: 1.20 s of 1.20 s allowed)"
    )


def test_words_fit_their_numbers() -> None:
    assert span([7, 7]) == "7"
    assert heading(MEASURED) == "nothing to change, 4 hosts, 3 rounds"
    once = {name: seconds[:1] for name, seconds in MEASURED.seconds.items()}
    assert heading(replace(MEASURED, seconds=once)) == "nothing to change, 4 hosts, 1 round"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_has_what_its_budget_compares(case: Case) -> None:
    site = Site(Path("ssh_config"), "http://repo", "key", "http://mirror", ("alice",))
    taking_part = contenders(case, site)
    assert {OURS, case.floor} <= set(taking_part)
    assert (START_UP in taking_part) is case.start_up
    root = Path(__file__).parents[2]
    scripts = [word for words in taking_part.values() for word in words if "peers/" in word]
    assert scripts or case.name == "help"
    assert all((root / script).exists() for script in scripts)
