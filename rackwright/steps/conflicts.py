"""Packages of the distribution that stand in Docker's way."""

from collections.abc import Sequence
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


def dependents_refusal(observed: Observed) -> str | None:
    """Why others would lose packages with those that stand in the way; None when nobody does."""
    if not observed.dependents:
        return None
    step = conflicts_step(observed)
    going = ", ".join(step.packages) if step else "what stands in Docker's way"
    return kept_for(observed.dependents, going)


def kept_for(dependents: Sequence[str], going: str) -> str:
    """A sentence for packages of the admin's that depend on some that would go."""
    return (
        f"apt would remove {', '.join(dependents)} together with {going}; give them something else "
        f"to depend on, or, if they may go, run `apt-get remove {' '.join(dependents)}` on the host"
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
