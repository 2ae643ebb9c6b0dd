"""What was measured, and what follows from it: medians, ratios pair by pair, the budget. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.cases import OURS, START_UP, Case


@dataclass(frozen=True)
class Result:
    """One case on one machine.

    By contender: `seconds` of each round, and `commands`, the remote commands that each host's
    sshd ran in one run.
    """

    name: str
    title: str
    floor: str
    factor: float
    start_up: bool
    date: str
    machine: Mapping[str, str | int]
    seconds: Mapping[str, Sequence[float]]
    commands: Mapping[str, Sequence[int]]
    above: float = 0.0


def result(
    case: Case,
    date: str,
    machine: Mapping[str, str | int],
    seconds: Mapping[str, Sequence[float]],
    commands: Mapping[str, Sequence[int]],
) -> Result:
    """The result of a case."""
    kept = (case.name, case.title, case.floor, case.factor, case.start_up)
    return Result(*kept, date, machine, seconds, commands, case.above)


def ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
    """Round by round, so that what slows the machine for a while slows both sides of a ratio."""
    return [a / b for a, b in zip(over, under, strict=True)]


@dataclass(frozen=True)
class Verdict:
    """A budget and what came out: `seen` is the median of the rounds' factors; seconds."""

    seen: float
    factor: float
    ours: float
    floor: float
    start_up: float

    @property
    def met(self) -> bool:
        return self.seen <= self.factor


def verdict(measured: Result) -> Verdict:
    """Whether ours, without its start-up where the budget says so, stayed within the budget."""
    ours, floor = measured.seconds[OURS], measured.seconds[measured.floor]
    above = [measured.above] * len(ours)
    start_up = measured.seconds[START_UP] if measured.start_up else above
    work = [whole - start for whole, start in zip(ours, start_up, strict=True)]
    seen = median(ratios(work, floor))
    return Verdict(seen, measured.factor, median(ours), median(floor), median(start_up))
