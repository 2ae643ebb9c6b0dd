"""Docker's packages on hold, so that nobody but the admin moves them (apt-mark(8))."""

from dataclasses import dataclass

from rackwright.change import Change
from rackwright.look.observed import Observed
from rackwright.settings import Settings
from rackwright.steps.conflicts import ConflictsStep
from rackwright.steps.engine import EngineStep, wanted_packages


@dataclass(frozen=True)
class HoldStep:
    """Packages to hold and to let go; `lifted` ones may move first, `ours` is to be remembered."""

    held: tuple[str, ...]
    released: tuple[str, ...]
    lifted: tuple[str, ...]
    ours: tuple[str, ...]
    changes: tuple[Change, ...]


def hold_step(settings: Settings, observed: Observed, engine: EngineStep | None) -> HoldStep | None:
    """Which holds change, also for a moment; None when none does. The admin's own holds stay."""
    moving = engine.versions if engine else {}
    held = {name for name, package in observed.packages.items() if package.held}
    there = [name for name in wanted_packages(settings) if name in (*observed.packages, *moving)]
    wanted = there if settings.docker_hold else []
    lifted = [name for name in moving if name in held]
    new = [name for name in wanted if name not in held]
    released = sorted(observed.holds & held - set(wanted))
    if not (new or released or lifted):
        return None
    changes = []
    if new:
        reason = "unattended upgrades would restart Docker at a time of their own"
        changes.append(Change("hold", ", ".join(new), "not on hold", "on hold", reason))
    if released:
        reason = "the settings do not ask for it any more"
        changes.append(Change("hold", ", ".join(released), "on hold", "not on hold", reason))
    return HoldStep(
        held=tuple(name for name in wanted if name in (*new, *lifted)),
        released=tuple(released),
        lifted=tuple(lifted),
        ours=tuple(sorted(observed.holds & set(wanted) | set(new))),
        changes=tuple(changes),
    )


def held_back(
    observed: Observed, engine: EngineStep | None, conflicts: ConflictsStep | None
) -> str | None:
    """What the admin holds and the plan would move, with the way out; None when that is nothing."""
    moving = (*(conflicts.packages if conflicts else ()), *(engine.versions if engine else ()))
    theirs = [
        name
        for name in moving
        if (package := observed.packages.get(name)) and package.held and name not in observed.holds
    ]
    if not theirs:
        return None
    names = " ".join(theirs)
    return (
        f"{', '.join(theirs)} would have to move, and somebody put a hold on that; if it may, run "
        f"`apt-mark unhold {names}` on the host, otherwise set the settings to what is there"
    )
