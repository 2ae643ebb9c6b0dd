"""Hosts at work, each in its own greenlet: deadlines, signs of life, and a clean stop."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import gevent
from gevent.pool import Pool
from pyinfra.api import Host
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.state import StateStage
from pyinfra.context import ctx_config, ctx_host

from rackwright.commands.pace import PARALLEL
from rackwright.host.error import HostError
from rackwright.pace.connection import BROKEN, connect, hang_up, watch
from rackwright.pace.course import CONNECT, Course, GivenUpError
from rackwright.pace.limits import make_room
from rackwright.pace.meanwhile import LOOKS, PLANS, import_meanwhile
from rackwright.report.outcome import HostResult, Outcome
from rackwright.results import connect_advice
from rackwright.settings import SettingsError

# What is done on a connected host: gives the result, or raises HostError.
Work = Callable[[Host, Course], HostResult]

# Seconds that a stop waits for operations that run: apt in the middle of packages is best waited
# for, and who cannot wait says it twice.
GRACE: Final = 300
STOPPED: Final = "stopped before it; run this again to go on"


@dataclass(frozen=True)
class Patience:
    """Seconds for one host: for all of it, and without a sign of life."""

    timeout: float
    silence: float


@dataclass
class Engine:
    """How many hosts work at a time, for how long; `stopping` says that no operation may begin.

    `wrong` is set when settings that only a task can know turn out to be wrong.
    """

    patience: Mapping[str, Patience]
    parallel: int = PARALLEL
    grace: float = GRACE
    stopping: bool = False
    wrong: SettingsError | None = None
    _running: dict[gevent.Greenlet, tuple[Host, Course]] = field(default_factory=dict)

    def run(self, hosts: Iterable[Host], work: Work, courses: Mapping[str, Course]) -> None:
        """Do the work on every host that is not over yet; each course gets its result.

        A host whose turn does not come any more because of a stop has none.
        """
        waiting = [host for host in hosts if courses[host.name].result is None]
        pool = Pool(make_room(self.parallel, len(waiting)))
        gevent.spawn(import_meanwhile, LOOKS)
        for host in waiting:
            pool.wait_available()
            if self.stopping:
                break
            pool.spawn(self._turn, host, work, courses[host.name])
        pool.join()

    def stop(self, reason: str) -> None:
        """No operation begins any more; those that run are waited for, up to the limit.

        Stopped a second time, they are waited for no longer.
        """
        again, self.stopping = self.stopping, True
        for greenlet, (host, course) in list(self._running.items()):
            if again or not course.changing:
                _give_up(greenlet, host, course, reason)
            else:
                late = f"{reason}, and it did not end within {self.grace:g} s"
                gevent.spawn_later(self.grace, _give_up, greenlet, host, course, late)

    def _turn(self, host: Host, work: Work, course: Course) -> None:
        if self.stopping:
            return
        greenlet = gevent.getcurrent()
        self._running[greenlet] = (host, course)
        patience = self.patience[host.name]
        overdue = f"not done within {patience.timeout:g} s (host_timeout); look at the host"
        course.start()
        guards = [gevent.spawn_later(patience.timeout, _give_up, greenlet, host, course, overdue)]
        with ctx_config.use(host.state.config.copy()), ctx_host.use(host):
            try:
                course.at(CONNECT)
                host.state.current_stage = StateStage.Connect
                connect(host)
                gevent.spawn(import_meanwhile, PLANS)
                lost = partial(_give_up, greenlet, host, course)
                guards.append(gevent.spawn(watch, host, patience.silence, lost))
                result = work(host, course)
                # pyinfra's end of an upload has a reason of its own: that the connection is closed.
                if course.given_up and result.outcome is Outcome.FAILED:
                    result = course.failed(course.given_up)
            # Whatever happens to one host must not end the run of the others.
            except (GivenUpError, Exception) as error:
                result = self._not_done(host, course, error)
        del self._running[greenlet]
        gevent.killall(guards, block=False)
        try:
            course.end(result)
        finally:
            with suppress(GivenUpError):
                hang_up(host, gone=bool(course.given_up))

    def _not_done(self, host: Host, course: Course, error: BaseException) -> HostResult:
        if isinstance(error.__cause__, SettingsError):
            self.wrong = error.__cause__
        if self.stopping and not course.changing:
            return HostResult(host.name, Outcome.NOT_REACHED, course.step, STOPPED)
        if course.step == CONNECT:
            advice = connect_advice(host, course.given_up or str(error))
            return HostResult(host.name, Outcome.UNREACHABLE, CONNECT, advice)
        return course.failed(course.given_up or _reason(error))


def _give_up(greenlet: gevent.Greenlet, host: Host, course: Course, reason: str) -> None:
    if course.result is None and not course.given_up:
        course.given_up = reason
        greenlet.kill(GivenUpError(reason), block=False)
        # Not in this greenlet, which the end of the host's turn kills.
        gevent.spawn(hang_up, host, gone=True)


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer within the time for it; look at the host, run it again"
    if isinstance(error, BROKEN):
        return f"the connection broke ({error}); run it again"
    if isinstance(error, (HostError, PyinfraError)):
        return str(error)
    return f"{type(error).__name__}: {error}"
