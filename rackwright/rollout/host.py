"""One host of a wave: the task, and then the proof that the host is fit."""

from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

import gevent
from pyinfra.api import Host

from rackwright.host.error import HostError
from rackwright.look.observed import Observed, ProbeError
from rackwright.looking import observe
from rackwright.pace.converge import Converge
from rackwright.pace.course import Course
from rackwright.report.outcome import WRONG, HostResult
from rackwright.rollout.fit import before, unfit
from rackwright.rollout.record import Rollout, keep

PROVES: Final = "Rollout | The host is fit"
BETWEEN: Final = 2  # seconds between two looks


@dataclass(frozen=True)
class Rolled:
    """A task for hosts of a rollout; what becomes of each is in the record at once.

    `settle` is how many seconds Docker and containers have to run again.
    """

    converge: Converge
    rollout: Rollout
    file: Path
    settle: int

    def roll(self, host: Host, course: Course) -> HostResult:
        """Do the task on the host, and see whether it is fit. Raises HostError."""
        result = self.converge.plan(host, course)
        if result.outcome in WRONG:
            return result
        run = self.converge.hosts.run
        # A task that is not ours has not looked.
        seen = run.seen.get(host.name) or self._look(host)
        if host.name not in self.rollout.before:
            planned = run.plans.get(host.name)
            self.rollout.before[host.name] = before(seen, run.settings[host.name], planned)
            keep(self.rollout, self.file)
        if pending := self.converge.pending(host):
            result = self.converge.carry_out(host, course)
            if result.outcome in WRONG:
                return result
        course.at(PROVES)
        if reasons := self._unfit(host, None if pending else seen):
            return course.failed("; ".join(reasons))
        self.rollout.done.append(host.name)
        keep(self.rollout, self.file)
        return result

    def _look(self, host: Host) -> Observed:
        try:
            return observe(host, self.converge.hosts.run.settings[host.name])
        except ProbeError as error:
            raise HostError(str(error)) from None

    def _unfit(self, host: Host, now: Observed | None) -> list[str]:
        settings = self.converge.hosts.run.settings[host.name]
        until = monotonic() + self.settle
        while True:
            reasons = unfit(self.rollout.before[host.name], now or self._look(host), settings)
            if not reasons or monotonic() >= until:
                return reasons
            now = None
            gevent.sleep(BETWEEN)
