"""Packages of the distribution that stand in Docker's way."""

from dataclasses import dataclass

from rackwright.change import Change, Impact
from rackwright.distro import CONFLICTING_PACKAGES
from rackwright.observed import Observed


@dataclass(frozen=True)
class ConflictsStep:
    """The installed packages that must go."""

    packages: tuple[str, ...]
    changes: tuple[Change, ...]


def conflicts_step(observed: Observed) -> ConflictsStep | None:
    """Which conflicting packages to remove; None when there is none."""
    found = tuple(name for name in CONFLICTING_PACKAGES if name in observed.packages)
    if not found:
        return None
    containers = observed.engine.containers if observed.engine else ()
    return ConflictsStep(found, tuple(_change(name, observed, containers) for name in found))


def _change(name: str, observed: Observed, containers: tuple[str, ...]) -> Change:
    # dockerd and what its containers run on; the others can go without anybody noticing.
    stops_engine = name in ("docker.io", "docker-engine", "containerd", "runc")
    grave = stops_engine and observed.engine is not None
    return Change(
        "conflicts",
        name,
        observed.packages[name].version,
        "removed",
        "it brings files that Docker's own packages bring",
        Impact.RESTART if grave else Impact.NONE,
        containers if grave else (),
    )
