"""docker.service: the only place where Docker is started, reloaded or restarted."""

from pyinfra.api import deploy

from rackwright.operations import in_force
from rackwright.plan import Plan
from rackwright.settings import Settings


@deploy("Service")
def service(plan: Plan, settings: Settings) -> None:
    """Docker runs what is installed and configured, and comes back after a reboot."""
    if plan.service:
        in_force(
            name="Docker is enabled and works as configured", step=plan.service, settings=settings
        )
