"""What an interrupted dpkg left half-way."""

from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.plan import Plan


@deploy("Repair")
def repair(plan: Plan) -> None:
    """Unpacked packages are configured; files that the admin changed stay as they are."""
    if plan.repair is None:
        return
    server.shell(
        name="dpkg has completed what it began",
        commands=[
            "DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a"
        ],
    )
