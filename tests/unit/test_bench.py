"""What follows from measured seconds."""

from dataclasses import replace

import pytest

from bench.cases import CASES, CHECK, OURS, START_UP
from bench.report import into, rows
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


def test_rows_show_the_span_of_commands() -> None:
    uneven = replace(MEASURED, commands={**MEASURED.commands, OURS: [35, 38]})
    assert rows(uneven)[0] == (OURS, "1.20 s", "1.00 to 3.00 s", "2.00", "35 to 38")


def test_results_go_between_the_marks_of_the_readme() -> None:
    text = into("before\n<!-- results -->\nold<!-- end of results -->\nafter\n", [MEASURED])
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| rackwright | 1.20 s |" in text
