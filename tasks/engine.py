"""Docker's packages, in one transaction."""

from pyinfra.api import deploy
from pyinfra.operations import apt

from rackwright.marks import LOCK_TIMEOUT
from rackwright.plan import Plan


@deploy("Engine")
def engine(plan: Plan) -> None:
    """The engine, its command line, containerd and the plugins are installed."""
    step = plan.engine
    if step is None:
        return
    apt.packages(
        name="Docker's packages are installed",
        packages=list(step.packages),
        extra_install_args=LOCK_TIMEOUT,
        # Where packages made room first, the lists were refreshed for the download already.
        update=step.refresh and plan.conflicts is None,
    )
