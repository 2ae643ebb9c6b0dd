"""A run: the settings of its hosts, checked before any is reached, and what it learns of them.

The edge between pyinfra's state and the pure modules.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

import click
import pyinfra
from pyinfra import logger
from pyinfra.api import Host, State
from pyinfra.api.exceptions import DeployError

from rackwright.exact import Exact, read_exact, with_exact_images
from rackwright.host_lock.failure import GiveBack
from rackwright.host_lock.holder import Holder
from rackwright.laptop.archives import with_archives
from rackwright.laptop.builds import with_builds
from rackwright.laptop.compose_files import with_compose_files
from rackwright.laptop.fleet_cache import with_fleet_cache
from rackwright.laptop.inventory_file import inventory_file
from rackwright.laptop.layers import layered
from rackwright.laptop.passwords import Passwords, fleet_passwords
from rackwright.report.clock import Clock
from rackwright.report.text import plain
from rackwright.settings import Settings, SettingsError, parse_fleet

if TYPE_CHECKING:  # a run is begun before there is any
    from rackwright.look.observed import Observed
    from rackwright.plan import Plan


def log(host: Host, said: str) -> None:
    """Say something of a host as pyinfra's own command does."""
    logger.info(f"{host.print_prefix}{click.style(plain(said), 'yellow')}")


@dataclass
class Run:
    """What a run has learnt so far, by host name.

    `seen` is each host as it was looked at last. `wanted` are the settings of the task that go
    before those of the inventory. `guarded` are the hosts that a guard keeps from being changed,
    until somebody says the word for it. `tell` says what a host waits for.
    """

    settings: dict[str, Settings]
    exact: Exact = field(default_factory=Exact)
    passwords: Passwords = field(default_factory=Passwords)
    plans: dict[str, "Plan"] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    seen: dict[str, "Observed"] = field(default_factory=dict)
    wanted: Mapping[str, Any] = field(default_factory=dict)
    guarded: set[str] = field(default_factory=set)
    clock: Clock = field(default_factory=Clock)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    holder: Holder = field(default_factory=Holder)
    tell: Callable[[Host, str], None] = log


_runs: dict[State, Run] = {}
_starting = Lock()


def hosts_of(state: State) -> list[Host]:
    """The hosts that a run is meant for, in the order of their names."""
    return sorted((host for host in state.inventory if state.is_host_in_limit(host)), key=str)


def new_run(state: State, wanted: Mapping[str, Any], *, converges: bool = False) -> Run:
    """The settings and passwords of all hosts, and the lock and bundles they are held to.

    `converges` says that the run brings its hosts to their settings.

    Raises SettingsError with every error of every host.
    """
    run = Run(*_checked(state, wanted, converges), wanted=dict(wanted))
    state.add_callback_handler(run.clock)
    return run


def _checked(
    state: State, wanted: Mapping[str, Any], converges: bool
) -> tuple[dict[str, Settings], Exact, Passwords]:
    fleet = {host.name: {**layered(host.data), **wanted} for host in hosts_of(state)}
    inventory = {host.name: layered(host.data) for host in state.inventory}
    coming = {name for name in fleet if converges and not _out_of_reach(state, name)}
    settings = with_fleet_cache(parse_fleet(fleet), inventory, coming)
    settings = with_builds(with_compose_files(with_archives(settings)))
    exact = read_exact(inventory_file(state), settings)
    settings = with_exact_images(exact, settings)
    return settings, exact, fleet_passwords(settings)


def run_of(state: State, wanted: Mapping[str, Any], *, converges: bool = True) -> Run:
    """The one Run of pyinfra's state. Raises DeployError when settings are wrong.

    `converges` is that of new_run().
    """
    with _starting:  # every host asks at the same moment, and a password may take a while
        try:
            return _run_of(state, wanted, converges)
        except SettingsError as error:
            sentences = "".join(f"\n    {sentence}" for sentence in error.errors)
            raise DeployError(
                f"settings that cannot be used; no host was touched:{sentences}"
            ) from error


def _run_of(state: State, wanted: Mapping[str, Any], converges: bool) -> Run:
    if not (run := _runs.get(state)):
        _runs[state] = run = new_run(state, wanted, converges=converges)
        state.add_callback_handler(GiveBack(run.plans, run.clock))
        if pyinfra.is_cli:
            from rackwright.report.ending import at_the_end, end_of_run

            at_the_end(end_of_run, state, run)
    elif run.wanted != wanted:  # it was begun before its task said what it wants
        run.settings, run.exact, run.passwords = _checked(state, wanted, converges=True)
        run.wanted = dict(wanted)
    return run


def _out_of_reach(state: State, name: str) -> bool:
    # Where hosts have a pace of their own, none is connected yet.
    activated = {host.name for host in state.activated_hosts}
    return bool(activated) and name not in activated


def seen_again(host: Host, observed: "Observed") -> None:
    """A look in the middle of a run: the run knows this host better now."""
    if run := _runs.get(host.state):
        run.seen[host.name] = observed


def tell(host: Host, said: str) -> None:
    """Say in the middle of a run what a host waits for."""
    run = _runs.get(host.state)
    (run.tell if run else log)(host, said)
