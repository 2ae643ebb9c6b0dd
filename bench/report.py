"""Results in words: rows for the terminal and for README.md, and one sentence for each budget."""

from collections.abc import Sequence
from statistics import median

from rich.table import Table

from bench.result import Result, ratios, verdict

COLUMNS = ("contender", "median", "min to max", "times floor", "commands per host")
BEGIN, END = "<!-- results -->\n", "<!-- end of results -->"


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


def into(readme: str, results: Sequence[Result]) -> str:
    """README.md with these results between its two marks. Raises ValueError without the marks."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{markdown(results)}\n{END}{after}"
