"""The hosts of an inventory, each with its settings and its deadlines, ready to be worked on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import click
from pyinfra.api import Host
from pyinfra.api.exceptions import DeployError

from rackwright.commands.pace import PARALLEL
from rackwright.fleet import load
from rackwright.pace.course import Course
from rackwright.pace.engine import Engine, Patience, Work
from rackwright.pace.interrupt import interruptible
from rackwright.pace.progress import Tell, progress
from rackwright.pace.state import PacedState
from rackwright.report.outcome import HostResult, Outcome
from rackwright.run import Run, hosts_of, run_of
from rackwright.settings import Settings


@dataclass(frozen=True)
class Request:
    """What was asked of a fleet.

    `data` are KEY=VALUE that go before the inventory's. `timeout` and `silence` are in seconds, and
    go before host_timeout and host_silence. `report` is where reports go, or "off". With
    `json`, standard output is for a machine.
    """

    inventory: str
    limit: Sequence[str] = ()
    exclude: Sequence[str] = ()
    data: Sequence[str] = ()
    parallel: int = PARALLEL
    timeout: int | None = None
    silence: int | None = None
    report: str | None = None
    json: bool = False


@dataclass
class Fleet:
    """Hosts, and where each is: `courses` has all of them, by name."""

    state: PacedState
    run: Run
    engine: Engine
    progress: Callable[[Mapping[str, Course]], AbstractContextManager[Tell]] = progress
    courses: dict[str, Course] = field(init=False)

    def __post_init__(self) -> None:
        names = [host.name for host in self.hosts]
        self.courses = {name: Course(name) for name in names}
        self.run.tell = lambda host, said: self.courses[host.name].waits(said)

    @property
    def hosts(self) -> list[Host]:
        """The hosts of the command, by name."""
        return hosts_of(self.state)

    def work(self, work: Work, hosts: Iterable[Host] | None = None) -> None:
        """Do a piece of work on these hosts (all), and wait for all of them; Ctrl-C stops it.

        Raises SettingsError when the task's own settings are wrong; nothing was changed then.
        """
        chosen = self.hosts if hosts is None else list(hosts)
        with self.progress(self.courses) as tell, interruptible(self._stop):
            for course in self.courses.values():
                course.tell = tell
            self.engine.run(chosen, work, self.courses)
        if self.engine.wrong:
            raise self.engine.wrong

    def _stop(self, reason: str) -> None:
        again = self.engine.stopping
        self.engine.stop(reason)
        if not again:
            click.echo(f"{reason}; what runs is waited for, unless you say it again", err=True)

    def work_again(self, work: Work, hosts: Iterable[Host]) -> None:
        """As work(), for hosts that had their turn before."""
        for host in (again := list(hosts)):
            self.courses[host.name].result = None
        self.work(work, again)

    @property
    def rows(self) -> list[HostResult]:
        """How it ended for every host of the command."""
        unasked = "the command ended before its turn"
        return [
            course.result or HostResult(name, Outcome.NOT_REACHED, detail=unasked)
            for name, course in self.courses.items()
        ]


def fleet(request: Request, *, converges: bool = True) -> Fleet:
    """The hosts of a request, with settings that were checked; no host is touched yet.

    `converges` says that the run may bring them to their settings, or plans to.
    Raises SettingsError for an inventory, host names or settings that cannot be used.
    """
    state = load(request.inventory, request.limit, request.exclude, request.data)
    try:
        run = run_of(state, {}, converges=converges)
    except DeployError as error:
        raise error.__cause__ or error from None
    engine = Engine(_patience(run, request), request.parallel)
    for host in hosts_of(state):
        if host.data.get("_timeout") is None:  # pyinfra's own way to say it, which goes before
            host.data._timeout = _per_command(run.settings[host.name])
    return Fleet(state, run, engine)


def _patience(run: Run, request: Request) -> dict[str, Patience]:
    return {
        name: Patience(
            (request.timeout or settings.host_timeout + settings.gpu_patience)
            + settings.docker_lock_wait,
            request.silence or settings.host_silence,
        )
        for name, settings in run.settings.items()
    }


def _per_command(settings: Settings) -> int:
    # Operations that wait for apt have a limit of their own, which is the admin's to choose.
    return settings.host_command_timeout + settings.docker_apt_timeout
