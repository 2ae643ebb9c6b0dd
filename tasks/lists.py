"""apt's package lists."""

from pyinfra.api import deploy

from rackwright.packages.patience import apt_shell
from rackwright.plan import Plan


@deploy("Lists")
def lists(plan: Plan) -> None:
    """The package lists are new, where packages come that they may not have."""
    if plan.toolkit or plan.driver or (plan.engine and plan.engine.refresh):
        apt_shell(
            name="The package lists are new",
            seconds=plan.apt_timeout,
            commands=["apt-get update -q"],
        )
