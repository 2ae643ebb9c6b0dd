"""The custom operations: what no stock operation of pyinfra does."""

import shlex
from collections.abc import Generator

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rackwright.observed import Observed, ProbeError
from rackwright.plan import RefusedError, plan
from rackwright.probe import TIMEOUT, Probe, arguments
from rackwright.settings import Settings


@operation(is_idempotent=False, idempotent_notice="Looks at the host; changes nothing.")
def converged(settings: Settings) -> Generator[StringCommand, None, None]:
    """Look at the host again and fail it, with a sentence each, if anything is left to change."""
    observed = host.get_fact(Probe, **arguments(settings), own_sudo=False, _timeout=TIMEOUT)
    if left := unmet(settings, observed):
        sentences = "\n".join(left)
        yield StringCommand(f"printf '%s\\n' {shlex.quote(sentences)} >&2; false")
    else:
        host.noop("nothing is left to change")


def unmet(settings: Settings, observed: Observed | ProbeError) -> tuple[str, ...]:
    """What still differs between the host and its settings, a sentence each."""
    if isinstance(observed, ProbeError):
        return (str(observed),)
    try:
        left = plan(settings, observed)
    except RefusedError as error:
        return error.reasons
    return tuple(
        f"still to change: {change.what} is {change.before}, wanted is {change.after} "
        f"({change.reason})"
        for change in left.changes
    )
