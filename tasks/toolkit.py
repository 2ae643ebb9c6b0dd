"""NVIDIA's Container Toolkit: before Docker starts, which looks for it only then."""

from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.docker import DAEMON_SH
from rackwright.gpu import DRIVER_SH
from rackwright.gpu.hold import hold_again
from rackwright.host.script import command
from rackwright.packages.patience import apt_shell
from rackwright.plan import Plan


@deploy("Toolkit")
def toolkit(plan: Plan) -> None:
    """All four packages of the toolkit are installed, at one version."""
    step = plan.toolkit
    if step is None:
        return
    if step.lifted:
        apt_shell(
            name="The hold on the toolkit is lifted for the moment",
            seconds=plan.apt_timeout,
            commands=[f"apt-mark unhold {' '.join(step.lifted)}"],
        )
    # Also where that is not done now, because docker_restart is never.
    if step.first and (plan.service is None or plan.service.action != "start"):
        server.shell(
            name="The host knows that Docker needs a restart",
            commands=[command(DAEMON_SH, "pending", "restart")],
        )
    apt_shell(
        name="NVIDIA's Container Toolkit is installed",
        seconds=plan.apt_timeout,
        commands=[command(DRIVER_SH, "install", *step.packages)],
        otherwise=hold_again(plan, step.lifted),
    )
