"""Which kernels have the module of the driver that is installed. Pure."""

import re

from rackwright.look.gpu import Gpus
from rackwright.steps.engine import upstream

# Packages with the driver's tools or libraries, which work only with a module of their version, as
# Ubuntu, Debian and NVIDIA name them; driver.sh (installed) knows them, too.
_TOOLS = re.compile(r"nvidia-smi|libcuda1|(nvidia-utils|libnvidia-compute)(-\d+(-server)?)?")


def installed(gpus: Gpus) -> frozenset[str]:
    """The versions of the driver that is installed; more than one while an old one goes."""
    return frozenset(
        upstream(package.version)
        for name, package in gpus.packages.items()
        if _TOOLS.fullmatch(name) and package.whole
    )


def unbuilt(gpus: Gpus) -> tuple[str, ...]:
    """The kernels, of those that may boot, that have no module of the installed version."""
    wanted = installed(gpus) or frozenset(gpus.modules.values())
    return tuple(kernel for kernel in gpus.kernels if gpus.modules.get(kernel) not in wanted)
