"""daemon.json: in place before the engine is, so that a bare host's daemon starts only once."""

from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.change import Impact
from rackwright.docker import DAEMON_SH
from rackwright.host.at_hand import at_hand
from rackwright.host.script import command
from rackwright.marks import OWNED_KEYS
from rackwright.plan import Plan
from rackwright.steps.daemon import DAEMON_JSON

CANDIDATE = f"{DAEMON_JSON}.new"
OWNED = f"{OWNED_KEYS}.new"


@deploy("Daemon")
def daemon(plan: Plan) -> None:
    """The wanted keys are in daemon.json, beside those that are there already."""
    step = plan.daemon
    if step is None:
        return
    # It may hold the password of a proxy, and so may the record of our keys.
    at_hand(
        name="The new daemon.json is at hand",
        text=step.content,
        path=CANDIDATE,
        open_folder=True,
    )
    if step.validates:
        server.shell(
            name="dockerd accepts the new daemon.json",
            commands=[command(DAEMON_SH, "validate", CANDIDATE)],
        )
    server.shell(
        name="The configuration in force is kept for the way back",
        commands=[command(DAEMON_SH, "keep")],
    )
    at_hand(name="A record of Rackwright's keys in it is at hand", text=step.owned, path=OWNED)
    if step.impact is not Impact.NONE:
        server.shell(
            name=f"The host knows that Docker needs a {step.impact}",
            commands=[command(DAEMON_SH, "pending", str(step.impact), *sorted(step.keys))],
        )
    server.shell(
        name="daemon.json holds the wanted keys, with the record",
        commands=[command(DAEMON_SH, "swap", CANDIDATE, OWNED)],
    )
