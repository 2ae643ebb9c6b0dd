"""The plan of one host, made on what the host says of itself.

The edge between pyinfra's state and the pure modules.
"""

import math
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import click
import pyinfra
from pyinfra import logger
from pyinfra.api import Host, State

from rackwright.guard import blocked
from rackwright.host.answer import greets
from rackwright.host.error import HostError, RefusedError
from rackwright.host.remote import run as run_on
from rackwright.host_lock.turn import held, turn
from rackwright.laptop.openpgp import KeyRefusedError, key_of
from rackwright.look.observed import Observed, ProbeError
from rackwright.look.probe import TIMEOUT
from rackwright.looking import observe, probe_mirrors, tried_out
from rackwright.report.clock import LOOK
from rackwright.report.lines import plan_lines
from rackwright.report.text import plain
from rackwright.run import Run, run_of
from rackwright.settings import Settings
from rackwright.steps.mirrors import needs_probe
from rackwright.versions.offers import NotOfferedError

if TYPE_CHECKING:
    from rackwright.plan import Plan


def plan_host(current: Host, **wanted: Any) -> tuple["Plan", Settings, bool] | None:
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
        if planned.changes and (reasons := greets(observed.greeting)):
            raise RefusedError(reasons)
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
) -> tuple["Plan", Settings, Observed]:
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
    # What makes plans was imported while the host answered: rackwright/pace/meanwhile.py.
    from rackwright.exact_plan import exact_plan

    planned, exact = exact_plan(run.exact, settings, observed, probed, run.passwords)
    open_versions = not run.exact.lock and settings.docker_source == "repository"
    if resolve and open_versions and (planned.engine or settings.docker_upgrade):
        from rackwright.planning import plan
        from rackwright.versions.ask import ask
        from rackwright.versions.resolve import resolved

        exact = resolved(settings, observed, ask(host, settings, observed))
        planned = plan(exact, observed, probed, run.passwords)
    return planned, exact, observed


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


def show(state: State, host: Host, run: Run, planned: "Plan") -> None:
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
