"""Results in words: rows for the terminal and for README.md, and one sentence for each budget."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from rich.table import Table

from bench.cases import OURS, START_UP
from bench.result import Result, ratios, verdict

COLUMNS = ("contender", "median", "min to max", "times floor", "commands per host")


def rows(measured: Result) -> list[tuple[str, ...]]:
    """One row of texts for each contender, in the order of COLUMNS."""
    floor = measured.seconds[measured.floor]
    return [
        (
            name,
            f"{median(seconds):.2f} s",
            f"{min(seconds):.2f} to {max(seconds):.2f} s",
            f"{median(ratios(seconds, floor)):.2f}",
            span(measured.commands[name]),
        )
        for name, seconds in measured.seconds.items()
    ]


def span(counts: Sequence[int]) -> str:
    """One number where all hosts have the same, else the smallest and the largest."""
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


def budget(measured: Result) -> str:
    """The budget, what came out, and whether it is met."""
    said = verdict(measured)
    start = f" + {said.start_up:.2f} s start-up" if measured.start_up else ""
    above = f" + {measured.above:.2f} s" if measured.above else ""
    allowed = said.factor * said.floor + said.start_up
    return (
        f"{'met' if said.met else 'MISSED'}: {said.seen:.2f} times the floor{start}{above}, budget "
        f"{said.factor:.2f}{' + start-up' if start else above} "
        f"(medians: {said.ours:.2f} s of {allowed:.2f} s allowed)"
    )


def heading(measured: Result) -> str:
    """What was done, and how often."""
    rounds = len(measured.seconds[measured.floor])
    return f"{measured.title}, {rounds} round{'s' if rounds > 1 else ''}"


def table(measured: Result) -> Table:
    """A case for the terminal."""
    made = Table(title=heading(measured), title_justify="left", expand=False)
    for index, column in enumerate(COLUMNS):
        made.add_column(column, justify="right" if index else "left", no_wrap=True)
    for row in rows(measured):
        made.add_row(*row)
    return made


def markdown(results: Sequence[Result]) -> str:
    """All cases for README.md."""
    parts = []
    for measured in results:
        where = ", ".join(f"{key} {value}" for key, value in measured.machine.items())
        lines = [COLUMNS, ("---", *["---:"] * (len(COLUMNS) - 1)), *rows(measured)]
        body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        title = heading(measured)
        parts.append(
            f"### {title[0].upper()}{title[1:]}\n\n{body}\n\n"
            f"Budget {budget(measured)}. Measured on {measured.date}: {where}.\n"
        )
    return "\n".join(parts)


def summary(results: Sequence[Result], page: Mapping[str, Any]) -> str:
    """The budgets in short: a Markdown table. `page` is what bench.page keeps."""
    lines = ["| | ours | beside it | budget | measured |", "|---|---|---|---|---|"]
    for measured in results:
        others = [name for name in measured.seconds if name not in (OURS, START_UP)]
        beside = "; ".join(f"{name}: {median(measured.seconds[name]):.2f} s" for name in others)
        ours = f"{median(measured.seconds[OURS]):.2f} s, {_share(measured)}"
        lines.append(
            f"| {measured.title} | {ours} | {beside} | {_allowed(measured)} | {measured.date} |"
        )
    for name, allowed in page["budgets"].items():
        fastest = min(page["milliseconds"][name])
        ours = f"{fastest / 1000:.2f} s, the fastest round"
        word = "met" if fastest <= allowed else "MISSED"
        what = f"the report of {page['hosts']} hosts in Chromium: {name}"
        lines.append(f"| {what} | {ours} | | {allowed / 1000:g} s: {word} | {page['date']} |")
    return "\n".join(lines) + "\n"


def _share(measured: Result) -> str:
    said = verdict(measured)
    if measured.above:
        return f"{said.ours - said.floor:.2f} s more"
    return f"{said.seen:.2f} times{' without our start-up' if measured.start_up else ''}"


def _allowed(measured: Result) -> str:
    said = verdict(measured)
    allowed = f"{measured.above:g} s more" if measured.above else f"{measured.factor:g} times"
    return f"{allowed}: {'met' if said.met else 'MISSED'}"


def into(page: str, mark: str, made: str) -> str:
    """A page with this between its two marks. Raises ValueError without the marks."""
    begin, end = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->"
    before, rest = page.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{made}\n{end}{after}"
