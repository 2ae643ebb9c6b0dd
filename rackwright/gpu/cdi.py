"""CDI: the names that containers can ask for, and whether the specification is still right.

Container Device Interface, specification 0.6; names as `nvidia-ctk cdi generate` gives them by
default (NVIDIA, "Support for Container Device Interface"): the number of a GPU, or of a GPU and its
MIG device ("0:1"), and `all`.
"""

import re

from rackwright.look.gpu import Gpus


def expected(gpus: Gpus) -> frozenset[str]:
    """The names by number that a specification of these GPUs holds."""
    names = {"all"}
    for gpu in gpus.gpus:
        if gpu.mig:
            names |= {f"{gpu.index}:{number}" for number in range(len(gpu.profiles))}
        else:
            names.add(gpu.index)
    return frozenset(names)


def stale(gpus: Gpus) -> str:
    """Why the specification has to be made anew, half a sentence; "" when it is right."""
    if not gpus.cdi.files:
        return "there is none"
    if gpus.loaded and gpus.cdi.drivers and gpus.cdi.drivers != {gpus.loaded}:
        return f"it is of driver {', '.join(sorted(gpus.cdi.drivers))}, {gpus.loaded} is loaded"
    # What goes by UUID beside these is not judged.
    numbered = {name for name in gpus.cdi.names if re.fullmatch(r"all|\d+(:\d+)?", name)}
    if gpus.gpus and numbered != expected(gpus):
        return f"it has {_shown(numbered)}, there are {_shown(expected(gpus))}"
    return ""


def _shown(names: frozenset[str] | set[str]) -> str:
    return ", ".join(sorted(names)) or "no devices"
