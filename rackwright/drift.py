"""What is said of hosts that were compared with their settings, and changed in nothing."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rackwright.report.outcome import HostResult, Outcome
from rackwright.report.text import plain

if TYPE_CHECKING:
    from rackwright.plan import Plan

UNFINISHED = "an earlier run did not get to its end"


def drifted(plan: "Plan") -> bool:
    """Whether a host differs from its settings."""
    return bool(plan.changes) or plan.resumes


def drift_lines(host: str, plan: "Plan") -> list[str]:
    """Every difference of a host, from and to, a line each; [] when it has not drifted."""
    if not drifted(plan):
        return []
    lines = [
        f"  {change.task:<11} {change.what}: {change.before} -> {change.after}"
        for change in plan.changes
    ]
    if plan.resumes:
        lines.append(f"  {'verify':<11} {UNFINISHED}")
    return [f"{host}: {_summary(plan)}", *map(plain, lines)]


def drift_row(host: str, plan: "Plan") -> HostResult:
    """A host's row in the table."""
    if not drifted(plan):
        return HostResult(host, Outcome.UNCHANGED, detail="\n".join(plan.notes))
    return HostResult(host, Outcome.DRIFTED, detail=_summary(plan))


def drift_conclusion(rows: Sequence[HostResult]) -> str:
    """One sentence: how many hosts drifted, how many could not be looked at, what to do next."""
    hosts = f"{len(rows)} host{'s' if len(rows) != 1 else ''}"
    counts = Counter(row.outcome for row in rows)
    drift = counts[Outcome.DRIFTED]
    unseen = len(rows) - drift - counts[Outcome.UNCHANGED]
    if not unseen and not drift:
        return f"{hosts}: none drifted."
    parts = [f"{drift or 'none'} drifted"]
    if unseen:
        parts.append(f"{unseen} could not be looked at")
    advice = "pyinfra INVENTORY deploy.py brings them back" if drift else "mend what is named above"
    return f"{hosts}: {', '.join(parts)}; nothing was changed; {advice}."


def _summary(plan: "Plan") -> str:
    count = len(plan.changes) + plan.resumes
    tasks = dict.fromkeys(change.task for change in plan.changes)
    named = ", ".join([*tasks, *(["verify"] if plan.resumes else [])])
    return f"{count} difference{'s' if count != 1 else ''} ({named})"
