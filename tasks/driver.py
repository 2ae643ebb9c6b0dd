"""NVIDIA's driver, for the kernel that runs and for the one that boots next."""

from io import StringIO

from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.gpu import DRIVER_SH
from rackwright.gpu.hold import hold_again
from rackwright.gpu.operations import still_idle
from rackwright.host.script import command
from rackwright.packages.patience import apt_shell
from rackwright.plan import Plan
from rackwright.steps.gpu_driver import NOUVEAU_OFF, PREFERENCES


@deploy("Driver")
def driver(plan: Plan) -> None:
    """The driver is installed and built for every kernel that may boot, and it is loaded."""
    step = plan.driver
    if step is None:
        return
    still_idle(plan)
    otherwise = hold_again(plan, step.lifted)
    if step.lifted:
        apt_shell(
            name="The hold on the driver is lifted for the moment",
            seconds=plan.apt_timeout,
            commands=[f"apt-mark unhold {' '.join(step.lifted)}"],
        )
    if step.preferences:
        files.put(
            name="apt keeps all of the driver at one version",
            src=StringIO(step.preferences),
            dest=PREFERENCES,
            mode="0644",
        )
    elif step.preferences is not None:
        files.file(name="apt chooses the driver's version", path=PREFERENCES, present=False)
    if step.nouveau_off:
        files.put(
            name="nouveau is not loaded any more",
            src=StringIO("blacklist nouveau\noptions nouveau modeset=0\n"),
            dest=NOUVEAU_OFF,
            mode="0644",
        )
        server.shell(
            name="nouveau is not in the initial file system either",
            commands=["if command -v update-initramfs; then update-initramfs -u; fi"],
        )
    if step.packages and step.fabric:
        apt_shell(
            name="apt has Fabric Manager at the version of the driver that comes",
            seconds=plan.apt_timeout,
            commands=[command(DRIVER_SH, "together", " ".join(step.fabric), *step.packages)],
            otherwise=otherwise,
        )
    if step.installs:
        apt_shell(
            name="The driver is installed",
            seconds=plan.apt_timeout,
            commands=[command(DRIVER_SH, "install", *step.installs)],
            otherwise=otherwise,
        )
    server.shell(
        name="Every kernel that may boot has the driver's module",
        commands=[command(DRIVER_SH, "loadable", *step.kernels)],
    )
    if step.fabric:
        apt_shell(
            name="Fabric Manager is of the driver's version",
            seconds=plan.apt_timeout,
            commands=[command(DRIVER_SH, "fabric", *step.fabric)],
            otherwise=otherwise,
        )
    if step.loads:
        server.shell(
            name="The driver is loaded, and its services run",
            commands=[command(DRIVER_SH, "load"), command(DRIVER_SH, "units", *step.units)],
        )
