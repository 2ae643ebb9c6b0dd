"""What changed between two runs. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from rackwright.report.outcome import Outcome
from rackwright.report.record import Facts, HostRecord, RunRecord


@dataclass(frozen=True)
class Difference:
    """Something of a host that is not as it was."""

    host: str
    what: str
    before: str
    after: str


def differences(before: RunRecord, after: RunRecord) -> list[Difference]:
    """What changed between two runs, host by host, by name.

    A host that was not asked, or not in the inventory, in one of them is not compared any further.
    """
    old, new = ({host.name: host for host in run.hosts} for run in (before, after))
    found = []
    for name in sorted(old.keys() | new.keys()):
        then, now = old.get(name), new.get(name)
        if then is None or now is None:
            states = ("in the inventory" if each else "not there" for each in (then, now))
            found.append(Difference(name, "host", *states))
        elif Outcome.NOT_ASKED not in (then.outcome, now.outcome):
            found += [Difference(name, *each) for each in _of_host(then, now) if each[1] != each[2]]
    return found


def _of_host(then: HostRecord, now: HostRecord) -> Iterator[tuple[str, str, str]]:
    yield "outcome", then.outcome, now.outcome
    # Of a host that could not be looked at, nothing more is known.
    if then.facts and now.facts:
        for (name, old), (_, new) in zip(_facts(then.facts), _facts(now.facts), strict=True):
            yield name, old or "none", new or "none"
        old_running, new_running = _running(then), _running(now)
        for name in sorted(old_running.keys() | new_running.keys()):
            old, new = (each.get(name, "not running") for each in (old_running, new_running))
            yield f"container {name}", old, new


def _facts(facts: Facts) -> Iterator[tuple[str, str]]:
    yield "system", f"{facts.distro} {facts.release}"
    yield "engine", facts.engine or ""
    yield "mirrors", ", ".join(facts.mirrors)
    yield "GPUs", ", ".join(gpu.name for gpu in facts.gpus or ())


def _running(host: HostRecord) -> dict[str, str]:
    return {each.name: f"{each.image} {each.state}".strip() for each in host.containers}
