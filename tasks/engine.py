"""Docker's packages, in one transaction."""

from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.docker import DAEMON_SH
from rackwright.host.script import command
from rackwright.packages.patience import apt_packages, apt_shell
from rackwright.plan import Plan


@deploy("Engine")
def engine(plan: Plan) -> None:
    """The engine, its command line, containerd and the plugins are installed."""
    step = plan.engine
    if step is None:
        return
    hold_again = ""
    if plan.hold and plan.hold.lifted:
        apt_shell(
            name="The hold on Docker's packages is lifted for the moment",
            seconds=plan.apt_timeout,
            commands=[f"apt-mark unhold {' '.join(plan.hold.lifted)}"],
        )
        hold_again = f"apt-mark hold {' '.join(plan.hold.lifted)}; false"
    if plan.service and plan.service.with_packages:
        server.shell(
            name="Docker is ready for new packages",
            commands=[command(DAEMON_SH, "packages_come", *plan.service.first)],
        )
    apt_packages(
        name="Docker's packages are installed",
        seconds=plan.apt_timeout,
        packages=step.packages,
        otherwise=hold_again,
        # Whether a step back is wanted was asked before.
        allow_downgrades=True,
    )
