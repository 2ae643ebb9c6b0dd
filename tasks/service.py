"""docker.service: the only place where Docker is started, reloaded or restarted."""

from pyinfra.api import deploy
from pyinfra.operations import server, systemd

from rackwright.marks import UNFINISHED
from rackwright.plan import Plan


@deploy("Service")
def service(plan: Plan) -> None:
    """Docker runs what is installed and configured, and comes back after a reboot."""
    step = plan.service
    if step is None:
        return
    systemd.service(
        name="Docker is enabled and runs as configured",
        service="docker.service",
        running=True,
        enabled=True,
        reloaded=step.action == "reload",
        restarted=step.action == "restart",
    )
    if step.action != "start":
        # So that a run that dies from here on does not stop containers a second time.
        server.shell(
            name="The host knows that only verification is left",
            commands=[f"echo verify > {UNFINISHED}"],
        )
