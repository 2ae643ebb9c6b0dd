"""What an interrupted dpkg left half-way."""

from pyinfra.api import deploy

from rackwright.packages.patience import apt_shell
from rackwright.plan import Plan

CONFIGURE = "DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a"


@deploy("Repair")
def repair(plan: Plan) -> None:
    """Unpacked packages are configured; files that the admin changed stay as they are."""
    if plan.repair is None:
        return
    apt_shell(
        name="dpkg has completed what it began",
        seconds=plan.apt_timeout,
        commands=[CONFIGURE],
    )
