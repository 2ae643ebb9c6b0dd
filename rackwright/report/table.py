"""The outcome of every host in a table, and one sentence below it."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rackwright.report.outcome import HostResult, Outcome

_STYLE = {
    Outcome.UNCHANGED: "green",
    Outcome.CHANGED: "yellow",
    Outcome.PLANNED: "yellow",
    Outcome.DRIFTED: "yellow",
    Outcome.DONE: "green",
    Outcome.FAILED: "bold red",
    Outcome.UNREACHABLE: "bold red",
    Outcome.NOT_REACHED: "red",
    Outcome.NOT_ASKED: "dim",
}


def outcome_table(results: Iterable[HostResult]) -> Table:
    """All hosts of a run, one row each; columns that would be empty are left out."""
    rows = list(results)
    table = Table(expand=False)
    table.add_column("host", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    shown = [name for name in ("step", "detail") if any(getattr(row, name) for row in rows)]
    for name in shown:
        table.add_column(name)
    for result in rows:
        outcome = Text(result.outcome, style=_STYLE[result.outcome])
        # Text takes a host's words as they are; a plain string would be read as markup.
        words = [Text(getattr(result, name)) for name in shown]
        table.add_row(Text(result.host), outcome, *words)
    return table


DRY: Final = "run it without --dry, and confirm, to make the changes"


def conclusion(results: Sequence[HostResult], planned: str = DRY) -> str:
    """One sentence: how many hosts ended how, and what to do next; `planned` is how to apply."""
    counts = Counter(result.outcome for result in results)
    summed = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    if counts[Outcome.FAILED] or counts[Outcome.UNREACHABLE] or counts[Outcome.NOT_REACHED]:
        advice = "mend what the table names and run the same command again; it goes on from here"
    elif counts[Outcome.PLANNED]:
        advice = planned
    elif counts[Outcome.CHANGED]:
        advice = "run it again at any time: a host that is right is left alone"
    else:
        advice = "nothing was changed"
    return f"{len(results)} host{'s' if len(results) != 1 else ''}: {summed}; {advice}."


def print_table(rows: Sequence[HostResult], sentence: str) -> None:
    """Print a table of hosts and a sentence below it."""
    wide = console()
    # rich ends the process when the reader of a pipe is gone; it is ending already.
    with suppress(SystemExit):
        wide.print()
        wide.print(outcome_table(rows))
        wide.print(sentence, highlight=False)


def console() -> Console:
    """Where tables go: wide enough for a sentence when the output goes to a file or a pipe."""
    return Console() if sys.stdout.isatty() else Console(width=140)
