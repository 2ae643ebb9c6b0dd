"""The plan of a host in lines for a terminal."""

from typing import TYPE_CHECKING

from rackwright.change import Impact
from rackwright.report.text import plain

if TYPE_CHECKING:
    from rackwright.plan import Plan


def plan_lines(host: str, plan: "Plan", *, full: bool) -> list[str]:
    """A host's plan in lines for a terminal: one line, or with every change when `full`."""
    lines = [f"{host}: {'nothing to change' if plan.empty else plan_summary(plan)}"]
    lines += [f"  note: {note}" for note in plan.notes]
    if full:
        for change in plan.changes:
            lines += [
                f"  {change.task:<11} {change.what}: {change.before} -> {change.after}",
                f"  {'':<11}   because {change.reason}{_impact(change.impact, change.stops)}",
            ]
    return [plain(line) for line in lines]


def plan_summary(plan: "Plan") -> str:
    """The plan in half a sentence: how many changes, and what they cost."""
    count = len(plan.changes)
    if not count:
        verified = "the verification of an earlier run is made up for"
        return f"nothing to change; {verified if plan.resumes else 'hello-world on request'}"
    changes = f"{count} change{'s' if count > 1 else ''}"
    tasks = ", ".join(dict.fromkeys(change.task for change in plan.changes))
    return f"{changes} ({tasks}){_impact(plan.impact, plan.stops)}"


def _impact(impact: Impact, stops: tuple[str, ...]) -> str:
    if impact is Impact.NONE:
        return ""
    stopped = f", stops the containers {', '.join(stops)}" if stops else ""
    return f"; impact: {impact}{stopped}"
