"""A purge of one host: its two looks, its plan, and the look afterwards.

The edge between pyinfra's state and the pure modules.
"""

from collections.abc import Generator
from dataclasses import replace

from pyinfra import host as current
from pyinfra.api import Host, StringCommand, operation
from pyinfra.api.exceptions import DeployError

from rackwright.host.answer import greets
from rackwright.host.error import HostError, RefusedError
from rackwright.host.failing import failing
from rackwright.host_lock.turn import turn
from rackwright.host_plan import fail, observe_in_turn, show
from rackwright.look.leftovers import Leftovers
from rackwright.look.observed import Observed, ProbeError
from rackwright.look.probe import TIMEOUT, LeftoversProbe, Probe, arguments
from rackwright.looking import answer, as_root
from rackwright.marks import STATE
from rackwright.plan import Plan
from rackwright.purge import purge_plan
from rackwright.run import run_of
from rackwright.settings import Settings, SettingsError
from rackwright.steps.daemon import DaemonJsonError
from rackwright.steps.purge import Words, data_root, words_of


def purge_host(here: Host, **said: bool) -> tuple[Plan, Settings, Words, bool] | None:
    """The plan of a purge of one host, its settings, what was said, and whether sudo is needed.

    None when the host is failed. Raises DeployError when settings or words are wrong.
    """
    try:
        words = words_of(said)
    except ValueError as error:
        raise DeployError(f"no host was touched: {error}") from SettingsError([str(error)])
    # pyinfra.host stands for another host in every greenlet; sets of hosts need the host itself.
    state = here.state
    host = state.inventory.get_host(here.name)
    run = run_of(state, {})
    settings = run.settings[host.name]
    try:
        observed = observe_in_turn(host, run)
        left = _leftovers(host, settings, observed, **as_root(host))
        planned = replace(
            purge_plan(settings, observed, left, words),
            turn=turn(run.holder, observed.host_lock, settings),
        )
        if planned.changes and (reasons := greets(observed.greeting)):
            raise RefusedError(reasons)
    except RefusedError as error:
        fail(state, host, run, error.reasons)
        return None
    except (ProbeError, DaemonJsonError, HostError) as error:
        fail(state, host, run, (str(error),))
        return None
    show(state, host, run, planned)
    return planned, settings, words, observed.through_sudo


@operation(is_idempotent=False, idempotent_notice="Looks at the host; changes nothing.")
def purged(settings: Settings, words: Words) -> Generator[StringCommand, None, None]:
    """Look at the host again and fail it, with a sentence each, if anything is left."""
    if left := _unmet(settings, words):
        yield failing(left)
    else:
        current.noop("nothing is left to take away")


def _unmet(settings: Settings, words: Words) -> tuple[str, ...]:
    try:
        observed = answer(current, Probe, TIMEOUT, **arguments(settings), own_sudo=False)
        left = _leftovers(current, settings, observed, own_sudo=False)
        again = purge_plan(settings, observed, left, words)
    except RefusedError as error:
        return error.reasons
    except (ProbeError, DaemonJsonError) as error:
        return (str(error),)
    # The folder of the mark is the last thing to go.
    return tuple(
        f"still there: {change.what} ({change.before})"
        for change in again.changes
        if change.what != STATE
    )


def _leftovers(host: Host, settings: Settings, observed: Observed, **how: bool) -> Leftovers:
    return answer(
        host,
        LeftoversProbe,
        TIMEOUT,
        users=" ".join(settings.docker_users),
        data_root=data_root(observed),
        **how,
    )
