"""A run that fails on a host gives the host back, and writes down what became of its changes."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import gevent
from pyinfra.api import Host, State
from pyinfra.api.state import BaseStateCallback

from rackwright.host.error import HostError
from rackwright.host.remote import run
from rackwright.host_lock.audit import after_failure
from rackwright.plan import Plan

PATIENCE: Final = 15  # seconds; where the connection is what failed, there is no answer


class GiveBack(BaseStateCallback):
    """Gives hosts back whose operations fail; `plans` are those of the run, by host."""

    def __init__(self, plans: Mapping[str, Plan]) -> None:
        self.plans = plans

    # pyinfra calls it on the instance; its own one does nothing and is static.
    def operation_host_error(  # type: ignore[override]
        self, state: State, host: Host, op_hash: str, retry_count: int = 0, max_retries: int = 0
    ) -> None:
        """Called by pyinfra when an operation has failed on a host."""
        give_back(host, self.plans.get(host.name), op_hash)


def give_back(host: Host, planned: Plan | None, last: str, *, begun: bool = True) -> None:
    """Give a host back after this operation failed there, or was not begun, if it answers."""
    at = host.op_hash_order.index(last)
    # The first operation is that which holds the host; before it, there is nothing to give back.
    if planned is None or planned.turn is None or not planned.changes or at == 0:
        return
    steps = [_title(host.state, op_hash) for op_hash in host.op_hash_order]
    command = planned.turn.give(after_failure(planned.changes, steps, at, begun=begun))
    # Else the lock ends by itself, some time after the connection.
    with suppress(HostError, gevent.Timeout, OSError), gevent.Timeout(PATIENCE):
        run(host, command, PATIENCE)


def _title(state: State, op_hash: str) -> str:
    return min(state.get_op_meta(op_hash).names).partition(" | ")[0]
