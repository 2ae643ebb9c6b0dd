"""The hosts that a command is meant for: asked all at once, and none left out of the table."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

import click
import gevent
from pyinfra.api import Host, State

from rackwright import exits
from rackwright.fleet import connected, each, load
from rackwright.fleetwide.conclusion import RIGHT, conclusion
from rackwright.host.error import HostError
from rackwright.pace.interrupt import interruptible
from rackwright.report.outcome import HostResult, Outcome
from rackwright.report.table import print_table
from rackwright.results import connect_advice
from rackwright.run import hosts_of
from rackwright.settings import SettingsError

Answer = TypeVar("Answer")
INTERRUPTED: Final = "interrupted; what was begun may go on there: look at the host"


@dataclass
class Fleet:
    """Connected hosts, and what became of each so far: `results` has a row for all that is over."""

    state: State
    results: dict[str, HostResult] = field(default_factory=dict)

    def ask(self, work: Callable[[Host], Answer]) -> dict[str, Answer]:
        """What the work gives for each host that is not over yet; a HostError is a failed host."""
        hosts = [host for host in self.state.active_hosts if host.name not in self.results]
        answers = each(hosts, work)
        for name, answer in answers.items():
            if isinstance(answer, HostError):
                self.over(name, Outcome.FAILED, str(answer))
        right = {name: each for name, each in answers.items() if not isinstance(each, HostError)}
        return dict(sorted(right.items()))

    def over(self, name: str, outcome: Outcome, detail: str = "") -> None:
        """A host is done, in one way or the other."""
        self.results[name] = HostResult(name, outcome, detail=detail)

    def watch(self, work: Callable[[Host], str]) -> int:
        """Do the work until it ends everywhere or is interrupted; returns the exit code.

        A host that fails, or is out of reach, is told of at once: there may be no end.
        """
        self.tell_failures()

        def told(host: Host) -> str:
            try:
                return work(host)
            except HostError as error:
                self.over(host.name, Outcome.FAILED, str(error))
                click.echo(f"{host.name}: failed: {error}", err=True)
                raise

        self._until_interrupted(told)
        return exits.FAILED if self.results else 0

    def do(self, work: Callable[[Host], str]) -> int:
        """Do the work on each host that is not over yet; prints the table, returns the exit code.

        The work returns what to say of the host. An interrupt ends it, and the table says where.
        """

        def noted(host: Host) -> None:
            self.over(host.name, Outcome.FAILED, INTERRUPTED)
            try:
                self.over(host.name, Outcome.DONE, work(host))
            except HostError as error:
                self.over(host.name, Outcome.FAILED, str(error))
                raise

        self._until_interrupted(noted)
        return self.finish()

    def _until_interrupted(self, work: Callable[[Host], object]) -> None:
        asking = gevent.spawn(self.ask, work)
        with interruptible(lambda _: asking.kill(block=False)):
            asking.get()

    @property
    def rows(self) -> list[HostResult]:
        """Every host of the command, by name."""
        unasked = "the command ended before its turn"
        return [
            self.results.get(host.name, HostResult(host.name, Outcome.NOT_REACHED, detail=unasked))
            for host in hosts_of(self.state)
        ]

    def finish(self, advice: str = "") -> int:
        """Print the table of all hosts; returns the exit code."""
        print_table(self.rows, conclusion(self.rows, advice))
        return self.code

    def tell_failures(self) -> None:
        """A line on standard error for every host that is over and not right."""
        for _, row in sorted(self.results.items()):
            if row.outcome not in RIGHT:
                click.echo(f"{row.host}: {row.outcome}: {row.detail}", err=True)

    @property
    def code(self) -> int:
        """The exit code that these results make."""
        return 0 if all(row.outcome in RIGHT for row in self.rows) else exits.FAILED


@contextmanager
def fleet(
    inventory: str, limit: Sequence[str], exclude: Sequence[str], one: bool = False
) -> Iterator[Fleet]:
    """Connect to hosts for as long as the block runs; those out of reach are over at once.

    Raises SettingsError for an inventory or host names that cannot be used, and with `one` for
    more than one host.
    """
    state = load(inventory, limit, exclude)
    if one and (count := len(hosts_of(state))) != 1:
        raise SettingsError([f"{' '.join(limit)}: name one host; these are {count}"])
    with connected(state) as unreachable:
        asked = Fleet(state)
        for host in hosts_of(state):
            if host not in state.activated_hosts:
                advice = connect_advice(host, unreachable.get(host.name))
                asked.over(host.name, Outcome.UNREACHABLE, advice)
        yield asked


def on_each(
    inventory: str,
    limit: Sequence[str],
    exclude: Sequence[str],
    work: Callable[[Host], str],
    endless: bool = False,
) -> int:
    """Do something on every host and print the table; returns the exit code.

    The work returns what to say of the host, or raises HostError. With `endless`, an interrupt
    is its right end.
    """
    try:
        with fleet(inventory, limit, exclude) as hosts:
            if endless:
                return hosts.watch(work)
            return hosts.do(work)
    except SettingsError as error:
        return wrong(error)


def wrong(error: SettingsError) -> int:
    """Say what is wrong with inventory or command line; returns the exit code."""
    click.echo("\n".join(error.errors), err=True)
    return exits.SETTINGS
