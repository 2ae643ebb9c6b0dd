"""Packages of the distribution that stand in Docker's way."""

from dataclasses import dataclass

from rackwright.change import Change, Impact
from rackwright.distro import CONFLICTING_PACKAGES, ENGINES, RUNTIMES
from rackwright.look.observed import Observed


@dataclass(frozen=True)
class ConflictsStep:
    """The installed packages that must go, and whether the running engine goes with them."""

    packages: tuple[str, ...]
    stops_engine: bool
    changes: tuple[Change, ...]


def conflicts_step(observed: Observed) -> ConflictsStep | None:
    """Which conflicting packages to remove; None when there is none."""
    found = tuple(name for name in CONFLICTING_PACKAGES if name in observed.packages)
    if not found:
        return None
    containers = observed.engine.containers if observed.engine else ()
    return ConflictsStep(
        packages=found,
        stops_engine=any(map(_stops_engine, found)),
        changes=tuple(_change(name, observed, containers) for name in found),
    )


def _stops_engine(name: str) -> bool:
    # The other packages can go without anybody noticing.
    return name in ENGINES or name in RUNTIMES


def _change(name: str, observed: Observed, containers: tuple[str, ...]) -> Change:
    grave = _stops_engine(name) and observed.engine is not None
    return Change(
        "conflicts",
        name,
        observed.packages[name].version,
        "removed",
        "Docker's own packages take its place",
        Impact.RESTART if grave else Impact.NONE,
        containers if grave else (),
    )
