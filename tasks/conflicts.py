"""The distribution's Docker packages make room, once their replacements are on the host's disk."""

from pyinfra.api import deploy

from rackwright.packages.patience import apt_packages
from rackwright.plan import Plan


@deploy("Conflicts")
def conflicts(plan: Plan) -> None:
    """Conflicting packages are removed; their configuration, images and containers stay."""
    step = plan.conflicts
    if step is None:
        return
    if plan.engine:
        apt_packages(
            name="The replacements are downloaded",
            seconds=plan.apt_timeout,
            packages=plan.engine.packages,
            extra_install_args="--download-only",
        )
    apt_packages(
        name="Conflicting packages are absent",
        seconds=plan.apt_timeout,
        packages=step.packages,
        present=False,
    )
