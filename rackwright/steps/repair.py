"""An interrupted dpkg: nothing can be installed before it is taken up again."""

from dataclasses import dataclass, replace

from rackwright.change import Change, Impact
from rackwright.look.observed import Observed, Package
from rackwright.steps.engine import ENGINE

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
    reason = "apt installs nothing before that"
    impact = Impact.RESTART if restarts_docker(observed) else Impact.NONE
    change = Change("repair", "dpkg", before, "completed", reason, impact, _stops(observed))
    return RepairStep((change,))


def restarts_docker(observed: Observed) -> bool:
    """Whether to complete what dpkg left restarts a Docker that runs: its own package does that."""
    engine = observed.packages.get(ENGINE)
    return observed.engine is not None and engine is not None and _halfway(engine)


def with_repaired(observed: Observed) -> Observed:
    """The host after that, as far as other steps need it."""
    packages = {
        name: replace(package, status=f"{package.status[0]}i") if _halfway(package) else package
        for name, package in observed.packages.items()
    }
    return replace(observed, packages=packages)


def _stops(observed: Observed) -> tuple[str, ...]:
    # It comes before anything that could switch live-restore on.
    running = observed.engine
    if running is None or running.live_restore or not restarts_docker(observed):
        return ()
    return running.containers


def _halfway(package: Package) -> bool:
    return package.status[1:2] in _UNFINISHED_STATES
