"""The fleet at a glance: what a report says before it comes to single hosts. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from rackwright.drift import drift_conclusion
from rackwright.report.outcome import WRONG, HostResult, Outcome
from rackwright.report.record import HostRecord, RunRecord
from rackwright.report.table import conclusion

WORST_FIRST: Final = (
    *WRONG,
    Outcome.DRIFTED,
    Outcome.PLANNED,
    Outcome.CHANGED,
    Outcome.DONE,
    Outcome.UNCHANGED,
    Outcome.NOT_ASKED,
)

Counts = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class TaskTime:
    """What a task took on those hosts that ran it, in seconds, and the slowest of them."""

    task: str
    hosts: int
    median: float
    slowest: float
    host: str


@dataclass(frozen=True)
class Cause:
    """Why hosts are not right, and all those that say so."""

    outcome: Outcome
    step: str
    reason: str
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Glance:
    """Counts of hosts, the most frequent first; outcomes are from worst to best.

    `compared` is how many hosts were compared with their settings, `drifted` how many differed.
    `causes` are in the order of outcomes, those of most hosts first.
    """

    outcomes: tuple[tuple[Outcome, int], ...]
    systems: Counts
    engines: Counts
    mirrors: Counts
    gpus: Counts
    compared: int
    drifted: int
    times: tuple[TaskTime, ...]
    causes: tuple[Cause, ...]


def glance(hosts: Sequence[HostRecord]) -> Glance:
    """The fleet at a glance."""
    outcomes = Counter(host.outcome for host in hosts)
    seen = [host.facts for host in hosts if host.facts]
    return Glance(
        outcomes=tuple((each, outcomes[each]) for each in WORST_FIRST if outcomes[each]),
        systems=_counts(f"{facts.distro} {facts.release}" for facts in seen),
        engines=_counts(facts.engine or "no engine" for facts in seen),
        mirrors=_counts(mirror for facts in seen for mirror in dict.fromkeys(facts.mirrors)),
        gpus=_counts(gpu.name for facts in seen for gpu in facts.gpus or ()),
        compared=sum(host.drifted is not None for host in hosts),
        drifted=sum(bool(host.drifted) for host in hosts),
        times=_times(hosts),
        causes=_causes(hosts),
    )


def rows(record: RunRecord) -> list[HostResult]:
    """The rows of the table of a run's hosts, without those that were not asked."""
    return [_row(host) for host in record.hosts if host.outcome is not Outcome.NOT_ASKED]


def sentence(record: RunRecord) -> str:
    """How many hosts ended how, and what to do next."""
    told = rows(record)
    drifted = any(row.outcome is Outcome.DRIFTED for row in told)
    return drift_conclusion(told) if drifted else conclusion(told)


def verdict(record: RunRecord) -> str:
    """The run in a few words."""
    told = [row.outcome for row in rows(record)]
    hosts = f"{len(told)} host{'s' if len(told) != 1 else ''}"
    counts = Counter(told)
    if wrong := sum(counts[outcome] for outcome in WRONG):
        return f"{wrong} of {hosts} need{'s' if wrong == 1 else ''} you"
    if counts[Outcome.DRIFTED]:
        return f"{counts[Outcome.DRIFTED]} of {hosts} drifted"
    if counts[Outcome.PLANNED]:
        return f"{counts[Outcome.PLANNED]} of {hosts} would change"
    if not told:
        return "No host was asked"
    return f"All {hosts} are right" if len(told) > 1 else "The host is right"


def _row(host: HostRecord) -> HostResult:
    if host.error:
        error = host.error
        return HostResult(host.name, host.outcome, error.step, error.reason, error.output)
    notes = host.notes if host.outcome is not Outcome.DRIFTED else ()
    said = host.summary if host.changes else ""
    return HostResult(host.name, host.outcome, detail="\n".join(filter(None, (said, *notes))))


def _counts(values: Iterable[str]) -> Counts:
    return tuple(sorted(Counter(values).items(), key=lambda each: (-each[1], each[0])))


def _causes(hosts: Sequence[HostRecord]) -> tuple[Cause, ...]:
    by_cause: dict[tuple[Outcome, str, str], list[str]] = {}
    for host in hosts:
        if host.error:
            cause = (host.outcome, host.error.step, host.error.reason)
            by_cause.setdefault(cause, []).append(host.name)
    causes = [Cause(*cause, tuple(names)) for cause, names in by_cause.items()]
    return tuple(sorted(causes, key=_worst_first))


def _worst_first(cause: Cause) -> tuple[int, int]:
    return WORST_FIRST.index(cause.outcome), -len(cause.hosts)


def _times(hosts: Sequence[HostRecord]) -> tuple[TaskTime, ...]:
    by_task: dict[str, list[tuple[float, str]]] = {}
    for host in hosts:
        spent: dict[str, float] = {}
        for step in host.steps:
            task = step.name.partition(" | ")[0]
            spent[task] = spent.get(task, 0) + (step.seconds or 0)
        for task, seconds in spent.items():
            by_task.setdefault(task, []).append((seconds, host.name))
    times = [
        TaskTime(task, len(each), median(seconds for seconds, _ in each), *max(each))
        for task, each in by_task.items()
    ]
    return tuple(sorted(times, key=lambda each: -each.slowest))
