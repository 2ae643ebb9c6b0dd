"""daemon.json: in place before the engine is, so that a bare host's daemon starts only once."""

from io import StringIO

from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.change import Impact
from rackwright.docker import DAEMON_SH
from rackwright.host.script import command
from rackwright.marks import OWNED_KEYS
from rackwright.plan import Plan
from rackwright.steps.daemon import DAEMON_JSON

CANDIDATE = f"{DAEMON_JSON}.new"


@deploy("Daemon")
def daemon(plan: Plan) -> None:
    """The wanted keys are in daemon.json, beside those that are there already."""
    step = plan.daemon
    if step is None:
        return
    files.put(
        name="The new daemon.json is at hand",
        src=StringIO(step.content),
        dest=CANDIDATE,
        mode="0600",
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
    files.put(
        name="The host knows which keys are Rackwright's",
        src=StringIO(step.owned),
        dest=OWNED_KEYS,
        mode="0644",
        create_remote_dir=False,
    )
    if step.impact is not Impact.NONE:
        server.shell(
            name=f"The host knows that Docker needs a {step.impact}",
            commands=[command(DAEMON_SH, "pending", str(step.impact), *sorted(step.keys))],
        )
    server.shell(
        name="daemon.json holds the wanted keys",
        commands=[command(DAEMON_SH, "swap", CANDIDATE)],
    )
