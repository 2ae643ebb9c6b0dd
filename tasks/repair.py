"""What an interrupted dpkg left half-way."""

from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.packages.patience import in_turn
from rackwright.plan import Plan

CONFIGURE = (
    *("env", "DEBIAN_FRONTEND=noninteractive", "dpkg"),
    *("--force-confdef", "--force-confold", "--configure", "-a"),
)


@deploy("Repair")
def repair(plan: Plan) -> None:
    """Unpacked packages are configured; files that the admin changed stay as they are."""
    if plan.repair is None:
        return
    server.shell(
        name="dpkg has completed what it began",
        commands=[in_turn(plan.apt_timeout, *CONFIGURE)],
    )
