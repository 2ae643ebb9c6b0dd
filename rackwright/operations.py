"""The custom operations: what no stock operation of pyinfra does."""

from collections.abc import Generator

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rackwright.docker import DAEMON_SH
from rackwright.hidden import without_logins
from rackwright.host.error import RefusedError
from rackwright.host.failing import failing
from rackwright.host.script import command
from rackwright.look.observed import Observed, ProbeError
from rackwright.look.probe import TIMEOUT, Probe, arguments
from rackwright.looking import answer
from rackwright.planning import plan
from rackwright.run import seen_again
from rackwright.settings import Settings
from rackwright.stages.engine import service_left
from rackwright.steps.service import ServiceStep


@operation(is_idempotent=False, idempotent_notice="Looks at the host; changes nothing.")
def converged(settings: Settings) -> Generator[StringCommand, None, None]:
    """Look at the host again and fail it, with a sentence each, if anything is left to change."""
    settings = settings.without_questions()
    observed = _seen(settings)
    if isinstance(observed, Observed):
        seen_again(host, observed)
    if left := unmet(settings, observed):
        yield failing(left)
    else:
        host.noop("nothing is left to change")


@operation(is_idempotent=False, idempotent_notice="Starts, reloads or restarts Docker.")
def in_force(step: ServiceStep, settings: Settings) -> Generator[StringCommand, None, None]:
    """Docker takes its configuration over; if it does not work with it, the one before comes back.

    Then the host is failed with the reason and the daemon's own last words. Where it cannot be
    seen whether Docker works, the host is failed, too, and the next run sees.
    """
    besides = ("unless-restarted",) if step.with_packages else step.first
    yield StringCommand(command(DAEMON_SH, "act", step.action, *besides))
    settings = settings.without_images()
    observed = _seen(settings)
    if isinstance(observed, ProbeError):
        yield failing([str(observed)])
    elif wrong := not_working(settings, observed):
        yield StringCommand(command(DAEMON_SH, "roll_back", step.action, wrong))
    else:
        yield StringCommand(command(DAEMON_SH, "settle"))


def _seen(settings: Settings) -> Observed | ProbeError:
    try:
        return answer(host, Probe, TIMEOUT, **arguments(settings), own_sudo=False)
    except ProbeError as error:
        return error


def not_working(settings: Settings, observed: Observed) -> str:
    """Why Docker does not do what its configuration says, half a sentence; "" when it does.

    Whatever else may be wrong with the host, Docker is not taken back for it.
    """
    if observed.engine is None:
        return "Docker does not answer"
    try:
        left = service_left(settings, observed)
    except RefusedError as error:
        return str(error)
    return left.changes[0].reason if left else ""


def unmet(settings: Settings, observed: Observed | ProbeError) -> tuple[str, ...]:
    """What still differs between the host and its settings, a sentence each."""
    if isinstance(observed, ProbeError):
        return (str(observed),)
    try:
        left = plan(settings, observed)
    except RefusedError as error:
        return error.reasons
    return tuple(
        without_logins(
            f"still to change: {change.what} is {change.before}, wanted is {change.after} "
            f"({change.reason})"
        )
        for change in left.changes
    )
