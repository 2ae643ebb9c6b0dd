"""apt's package lists."""

from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.packages.patience import in_turn
from rackwright.plan import Plan


@deploy("Lists")
def lists(plan: Plan) -> None:
    """The package lists are new, where packages come that they may not have."""
    if plan.toolkit or plan.driver or (plan.engine and plan.engine.refresh):
        # Not apt.update: apt waits for the lock of dpkg, and for the one of its lists it does not.
        server.shell(
            name="The package lists are new",
            commands=[in_turn(plan.apt_timeout, "apt-get", "update", "-q")],
        )
