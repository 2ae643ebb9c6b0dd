"""An interrupted dpkg: nothing can be installed before it is taken up again."""

from dataclasses import dataclass, replace

from rackwright.change import Change
from rackwright.look.observed import Observed, Package

# Unpacked, half-configured, triggers awaited or pending: what `dpkg --configure -a` completes
# (dpkg(1), "Package states").
_UNFINISHED_STATES = frozenset("UFWt")


@dataclass(frozen=True)
class RepairStep:
    """dpkg has to complete what it left."""

    changes: tuple[Change, ...]


def repair_step(observed: Observed) -> RepairStep | None:
    """Whether dpkg left something half-way; None when it did not."""
    halfway = [name for name, package in observed.packages.items() if _halfway(package)]
    if not halfway and not observed.dpkg_interrupted:
        return None
    before = f"interrupted{': ' if halfway else ''}{', '.join(sorted(halfway))}"
    change = Change("repair", "dpkg", before, "completed", "apt installs nothing before that")
    return RepairStep((change,))


def with_repaired(observed: Observed) -> Observed:
    """The host after that, as far as other steps need it."""
    packages = {
        name: replace(package, status=f"{package.status[0]}i") if _halfway(package) else package
        for name, package in observed.packages.items()
    }
    return replace(observed, packages=packages)


def _halfway(package: Package) -> bool:
    return package.status[1:2] in _UNFINISHED_STATES
