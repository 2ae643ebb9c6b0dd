"""daemon.json: in place before the engine is, so that a bare host's daemon starts only once."""

from io import StringIO

from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.marks import UNFINISHED
from rackwright.plan import Plan
from rackwright.steps.daemon import DAEMON_JSON


@deploy("Daemon")
def daemon(plan: Plan) -> None:
    """The wanted keys are in daemon.json, beside those that are there already."""
    step = plan.daemon
    if step is None:
        return
    if plan.service and plan.service.action != "start":
        server.shell(
            name=f"The host knows that Docker needs a {plan.service.action}",
            commands=[f"echo {plan.service.action} > {UNFINISHED}"],
        )
    files.put(
        name="daemon.json holds the wanted keys",
        src=StringIO(step.content),
        dest=DAEMON_JSON,
        mode="0644",
    )
