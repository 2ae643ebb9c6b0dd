"""What is said of a run: the plan of a host in lines, the outcome of every host in a table."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.table import Table
from rich.text import Text

from rackwright.change import Impact
from rackwright.plan import Plan


class Outcome(StrEnum):
    """How a run ended for one host."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    PLANNED = "would change"
    DRIFTED = "drifted"
    DONE = "done"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    NOT_REACHED = "not reached"


_STYLE = {
    Outcome.UNCHANGED: "green",
    Outcome.CHANGED: "yellow",
    Outcome.PLANNED: "yellow",
    Outcome.DRIFTED: "yellow",
    Outcome.DONE: "green",
    Outcome.FAILED: "bold red",
    Outcome.UNREACHABLE: "bold red",
    Outcome.NOT_REACHED: "red",
}


@dataclass(frozen=True)
class HostResult:
    """One host's row: `step` is where it failed, `detail` what was changed or why it failed."""

    host: str
    outcome: Outcome
    step: str = ""
    detail: str = ""


def plan_lines(host: str, plan: Plan, *, full: bool) -> list[str]:
    """A host's plan in lines for a terminal: one line, or with every change when `full`."""
    notes = [f"  note: {note}" for note in plan.notes]
    if plan.empty:
        return [f"{host}: nothing to change", *notes]
    lines = [f"{host}: {plan_summary(plan)}", *notes]
    if full:
        for change in plan.changes:
            lines += [
                f"  {change.task:<11} {change.what}: {change.before} -> {change.after}",
                f"  {'':<11}   because {change.reason}{_impact(change.impact, change.stops)}",
            ]
    return lines


def plan_summary(plan: Plan) -> str:
    """The plan in half a sentence: how many changes, and what they cost."""
    count = len(plan.changes)
    if not count:
        verified = "the verification of an earlier run is made up for"
        return f"nothing to change; {verified if plan.resumes else 'hello-world on request'}"
    changes = f"{count} change{'s' if count > 1 else ''}"
    tasks = ", ".join(dict.fromkeys(change.task for change in plan.changes))
    return f"{changes} ({tasks}){_impact(plan.impact, plan.stops)}"


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


def conclusion(results: Sequence[HostResult]) -> str:
    """One sentence: how many hosts ended how, and what to do next."""
    counts = Counter(result.outcome for result in results)
    summed = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    if counts[Outcome.FAILED] or counts[Outcome.UNREACHABLE] or counts[Outcome.NOT_REACHED]:
        advice = "mend what the table names and run the same command again; it goes on from here"
    elif counts[Outcome.PLANNED]:
        advice = "run it without --dry, and confirm, to make the changes"
    elif counts[Outcome.CHANGED]:
        advice = "run it again at any time: a host that is right is left alone"
    else:
        advice = "nothing was changed"
    return f"{len(results)} host{'s' if len(results) != 1 else ''}: {summed}; {advice}."


def _impact(impact: Impact, stops: tuple[str, ...]) -> str:
    if impact is Impact.NONE:
        return ""
    stopped = f", stops the containers {', '.join(stops)}" if stops else ""
    return f"; impact: {impact}{stopped}"
