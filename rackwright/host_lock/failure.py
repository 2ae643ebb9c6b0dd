"""A run that fails on a host gives the host back, and writes down what became of its changes."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import gevent
from pyinfra.api import Host, State
from pyinfra.api.state import BaseStateCallback

from rackwright.host.remote import run
from rackwright.host_lock.audit import after_failure
from rackwright.report.clock import Clock

if TYPE_CHECKING:
    from rackwright.plan import Plan

PATIENCE: Final = 15  # seconds; where the connection is what failed, there is no answer
# The operations that hold a host, and give it back when all is done.
HELD: Final = "No other run changes the host"
FREE: Final = "The host is free, and its log says what was done"


class GiveBack(BaseStateCallback):
    """Gives hosts back whose operations fail; `plans` are those of the run, by host."""

    def __init__(self, plans: Mapping[str, "Plan"], clock: Clock) -> None:
        self.plans = plans
        self.clock = clock

    # pyinfra calls it on the instance; its own one does nothing and is static.
    def operation_host_error(  # type: ignore[override]
        self, state: State, host: Host, op_hash: str, retry_count: int = 0, max_retries: int = 0
    ) -> None:
        """Called by pyinfra when an operation has failed on a host."""
        how = state.ops[host][op_hash].global_arguments
        if how["_ignore_errors"]:
            return
        # What ran into its limit goes on there; the lock ends some time after the connection.
        limit = how["_timeout"] or math.inf
        if (self.clock.seconds(host.name, op_hash) or 0) < limit:
            give_back(host, self.plans.get(host.name), op_hash)


def give_back(host: Host, planned: "Plan | None", last: str, *, begun: bool = True) -> None:
    """Give a host back after this operation failed there, or was not begun, if it answers."""
    if planned is None or planned.turn is None or not planned.changes:
        return
    names = [min(host.state.get_op_meta(op_hash).names) for op_hash in host.op_hash_order]
    at = host.op_hash_order.index(last)
    if not _holds(names[:at]):
        return
    steps = [name.partition(" | ")[0] for name in names]
    command = planned.turn.give(after_failure(planned.changes, steps, at, begun=begun))
    # Else the lock ends by itself. Whatever keeps this host from answering is no other host's.
    with suppress(Exception, gevent.Timeout), gevent.Timeout(PATIENCE):
        run(host, command, PATIENCE)


def _holds(done: Sequence[str]) -> bool:
    """Whether a run that has done these operations on a host has the host."""
    return any(name.endswith(HELD) for name in done) and not any(
        name.endswith(FREE) for name in done
    )
