"""Holds on Docker's packages and on those of GPUs."""

from io import StringIO

from pyinfra.api import deploy
from pyinfra.operations import files

from rackwright.gpu.hold import hold as hold_gpus
from rackwright.marks import HOLDS
from rackwright.packages.patience import apt_shell
from rackwright.plan import Plan


@deploy("Hold")
def hold(plan: Plan) -> None:
    """The wanted packages are on hold, and those are not that Rackwright held before."""
    step = plan.hold
    if step is None:
        return
    # Before the holds: those of a run that dies in between are known as ours.
    files.put(
        name="The host knows which holds are Rackwright's",
        src=StringIO("".join(f"{name}\n" for name in step.ours)),
        dest=HOLDS,
        mode="0644",
    )
    if step.held:
        apt_shell(
            name="Docker's packages are on hold",
            seconds=plan.apt_timeout,
            commands=[f"apt-mark hold {' '.join(step.held)}"],
        )
    if step.released:
        apt_shell(
            name="Docker's packages are not on hold any more",
            seconds=plan.apt_timeout,
            commands=[f"apt-mark unhold {' '.join(step.released)}"],
        )
    if step.gpu:
        apt_shell(
            name="Driver, toolkit and kernel are on hold, as one set",
            seconds=plan.apt_timeout,
            commands=[hold_gpus()],
        )
