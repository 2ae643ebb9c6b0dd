"""After the last change: the host is free for the next run, and its log says what was done."""

from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.host_lock.failure import FREE
from rackwright.plan import Plan


@deploy("End")
def end(plan: Plan) -> None:
    """Give the host back."""
    if plan.changes and plan.turn:
        server.shell(
            name=FREE,
            commands=[plan.turn.give({"done": plan.changes})],
        )
