"""The distribution's Docker packages make room, once their replacements are on the host's disk."""

from pyinfra.api import deploy
from pyinfra.operations import apt

from rackwright.packages.patience import apt_lock
from rackwright.plan import Plan


@deploy("Conflicts")
def conflicts(plan: Plan) -> None:
    """Conflicting packages are removed; their configuration, images and containers stay."""
    step = plan.conflicts
    if step is None:
        return
    if plan.engine:
        apt.packages(
            name="The replacements are downloaded",
            packages=list(plan.engine.packages),
            extra_install_args=f"{apt_lock(plan.apt_timeout)} --download-only",
        )
    apt.packages(
        name="Conflicting packages are absent",
        packages=list(step.packages),
        present=False,
        extra_uninstall_args=apt_lock(plan.apt_timeout),
    )
