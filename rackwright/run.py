"""What a converge run stands on: the settings, the observation and the plan of each host.

The edge between pyinfra's state and the pure modules.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from time import monotonic
from typing import Any

import click
import pyinfra
from pyinfra import logger
from pyinfra.api import Host, State
from pyinfra.api.exceptions import DeployError

from rackwright.exact import Exact, exact_plan, read_exact, with_exact_images
from rackwright.guard import blocked
from rackwright.host.error import HostError
from rackwright.host.remote import run as run_on
from rackwright.host_lock.failure import GiveBack
from rackwright.host_lock.turn import held, turn
from rackwright.laptop.archives import with_archives
from rackwright.laptop.builds import with_builds
from rackwright.laptop.compose_files import with_compose_files
from rackwright.laptop.fleet_cache import with_fleet_cache
from rackwright.laptop.inventory_file import inventory_file
from rackwright.laptop.layers import layered
from rackwright.laptop.openpgp import KeyRefusedError, key_of
from rackwright.laptop.passwords import Passwords, fleet_passwords
from rackwright.look.observed import Observed, ProbeError
from rackwright.look.probe import TIMEOUT
from rackwright.looking import observe, probe_mirrors, tried_out
from rackwright.plan import Plan, RefusedError
from rackwright.planning import plan
from rackwright.report.clock import LOOK
from rackwright.report.ending import at_the_end, end_of_run
from rackwright.report.lines import plan_lines
from rackwright.report.text import plain
from rackwright.results import Run, hosts_of, log
from rackwright.settings import Settings, SettingsError, parse_fleet
from rackwright.steps.mirrors import needs_probe
from rackwright.versions.ask import ask
from rackwright.versions.offers import NotOfferedError
from rackwright.versions.resolve import resolved

_runs: dict[State, Run] = {}
_starting = Lock()


def plan_host(current: Host, **wanted: Any) -> tuple[Plan, Settings, bool] | None:
    """The plan of one host, its settings, and whether operations need sudo there.

    `wanted` are settings that go before those of the inventory, the same for every host. None when
    the host is failed: the reason is logged and stands in the final table. Raises DeployError with
    every error of every host when settings are wrong.
    """
    # pyinfra.host stands for another host in every greenlet; sets of hosts need the host itself.
    state = current.state
    host = state.inventory.get_host(current.name)
    run = run_of(state, wanted)
    try:
        planned, settings, observed = look(host, run, resolve=True, in_turn=True)
        planned = replace(planned, turn=turn(run.holder, observed.host_lock, settings))
        for step in planned.repositories:
            key_of(step.wanted)
    except RefusedError as error:
        fail(state, host, run, error.reasons)
        return None
    except (ProbeError, KeyRefusedError, NotOfferedError, HostError) as error:
        fail(state, host, run, (str(error),))
        return None
    show(state, host, run, planned)
    if reason := blocked(settings, planned):
        run.guarded.add(host.name)
        fail(state, host, run, (reason,))
        return None
    return planned, settings, observed.through_sudo


def look(
    host: Host, run: Run, *, anew: bool = False, resolve: bool = False, in_turn: bool = False
) -> tuple[Plan, Settings, Observed]:
    """The plan of one host, the settings that it was made for, and what was seen.

    Changes nothing. With `anew`, its mirrors are tried out again whatever it remembers of them;
    with `resolve`, a host that needs packages is asked which versions it can get of them; with
    `in_turn`, it must not be changed by another run meanwhile. Raises RefusedError for a host that
    must not be touched, ProbeError for one that cannot be looked at, HostError for one that another
    run holds for too long, and NotOfferedError and KeyRefusedError when Docker's repository is not
    what is wanted.
    """
    settings = run.settings[host.name]
    with run.clock.time(host.name, LOOK):
        observed = observe_in_turn(host, run) if in_turn else observe(host, settings)
        run.seen[host.name] = observed = tried_out(host, settings, observed)
        probed = probe_mirrors(host, settings) if needs_probe(settings, observed, anew) else None
    planned, exact = exact_plan(run.exact, settings, observed, probed, run.passwords)
    open_versions = not run.exact.lock and settings.docker_source == "repository"
    if resolve and open_versions and (planned.engine or settings.docker_upgrade):
        exact = resolved(settings, observed, ask(host, settings, observed))
        planned = plan(exact, observed, probed, run.passwords)
    return planned, exact, observed


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
            at_the_end(end_of_run, state, run)
    elif run.wanted != wanted:  # it was begun before its task said what it wants
        run.settings, run.exact, run.passwords = _checked(state, wanted, converges=True)
        run.wanted = dict(wanted)
    return run


def _out_of_reach(state: State, name: str) -> bool:
    # Where hosts have a pace of their own, none is connected yet.
    activated = {host.name for host in state.activated_hosts}
    return bool(activated) and name not in activated


def seen_again(host: Host, observed: Observed) -> None:
    """A look in the middle of a run: the run knows this host better now."""
    if run := _runs.get(host.state):
        run.seen[host.name] = observed


def tell(host: Host, said: str) -> None:
    """Say in the middle of a run what a host waits for."""
    run = _runs.get(host.state)
    (run.tell if run else log)(host, said)


def observe_in_turn(host: Host, run: Run) -> Observed:
    """As observe(), at a moment when no other run changes the host.

    Raises RefusedError when one does, or HostError when it has done so for too long.
    """
    settings = run.settings[host.name]
    until = monotonic() + settings.docker_lock_wait
    while True:
        observed = observe(host, settings)
        ours = turn(run.holder, observed.host_lock, settings)
        reason = held(ours, observed.host_lock)
        if not reason:
            return observed
        if monotonic() >= until:
            raise RefusedError((reason,))
        said = f"{observed.host_lock.says}; waiting for up to {settings.docker_lock_wait} s"
        run.tell(host, said)
        seconds = math.ceil(until - monotonic())
        run_on(host, ours.wait(seconds), seconds + TIMEOUT)


def show(state: State, host: Host, run: Run, planned: Plan) -> None:
    """Keep the plan of a host; under pyinfra's own command, print it."""
    run.plans[host.name] = planned
    if pyinfra.is_cli:  # our own command shows it in a way of its own
        click.echo("\n".join(plan_lines(host.name, planned, full=state.check_for_changes)))


def fail(state: State, host: Host, run: Run, reasons: tuple[str, ...]) -> None:
    """Leave the host out of the rest of the run, with a sentence for each reason."""
    run.refusals[host.name] = "; ".join(reasons)
    for reason in reasons:
        logger.error(f"{host.print_prefix}{click.style(plain(reason), 'red')}")
    state.fail_hosts({host})
