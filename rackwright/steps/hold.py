"""Packages on hold, for Docker and for GPUs: nobody but the admin moves them (apt-mark(8))."""

from collections.abc import Iterable
from dataclasses import dataclass

from rackwright.change import Change
from rackwright.look.observed import Observed, Package
from rackwright.packages.nvidia import belongs_to_gpus
from rackwright.settings import Settings
from rackwright.steps.conflicts import ConflictsStep
from rackwright.steps.engine import EngineStep, wanted_packages
from rackwright.steps.gpu_driver import DriverStep
from rackwright.steps.gpu_toolkit import ToolkitStep


@dataclass(frozen=True)
class HoldStep:
    """Packages to hold and to let go; `lifted` ones may move first, `ours` is to be remembered.

    `gpu` says that all of driver, toolkit and kernel that is there then is to be held, too.
    """

    held: tuple[str, ...]
    released: tuple[str, ...]
    lifted: tuple[str, ...]
    ours: tuple[str, ...]
    gpu: bool
    changes: tuple[Change, ...]


def hold_step(
    settings: Settings,
    observed: Observed,
    engine: EngineStep | None,
    gpu: Iterable[ToolkitStep | DriverStep | None] = (),
) -> HoldStep | None:
    """Which holds change, also for a moment; None when none does. The admin's own holds stay.

    `gpu` are the steps that bring packages for GPUs, and with them others that nobody can name yet.
    """
    moving = engine.versions if engine else {}
    packages = _packages(observed)
    held = {name for name, package in packages.items() if package.held}
    there = [name for name in wanted_packages(settings) if name in (*observed.packages, *moving)]
    brings = _holds_gpus(settings) and any(map(_brings, gpu))
    wanted = (there if settings.docker_hold else []) + _gpu_set(settings, observed)
    lifted = [name for name in moving if name in held]
    new = [name for name in wanted if name not in held]
    released = sorted(observed.holds & held - set(wanted))
    if not (new or released or lifted or brings):
        return None
    changes = []
    if docker := [name for name in new if name in there]:
        reason = "unattended upgrades would restart Docker at a time of their own"
        changes.append(Change("hold", ", ".join(docker), "not on hold", "on hold", reason))
    if brings or len(docker) < len(new):
        names = ", ".join(name for name in new if name not in there)
        reason = "they work only as one set; unattended upgrades would move one without the others"
        what = names or "driver, toolkit and kernel"
        changes.append(Change("hold", what, "not on hold", "on hold", reason))
    if released:
        reason = "the settings do not ask for it any more"
        changes.append(Change("hold", ", ".join(released), "on hold", "not on hold", reason))
    return HoldStep(
        held=tuple(name for name in wanted if name in (*new, *lifted)),
        released=tuple(released),
        lifted=tuple(lifted),
        ours=tuple(sorted(observed.holds & set(wanted) | set(new))),
        gpu=brings,
        changes=tuple(changes),
    )


def held_back(
    observed: Observed,
    engine: EngineStep | None,
    conflicts: ConflictsStep | None,
    gpu: Iterable[ToolkitStep | DriverStep | None] = (),
) -> str | None:
    """What the admin holds and the plan would move, with the way out; None when that is nothing."""
    moving = [*(conflicts.packages if conflicts else ()), *(engine.versions if engine else ())]
    moving += [name.partition("=")[0] for step in gpu if step for name in step.installs]
    packages = _packages(observed)
    theirs = [
        name
        for name in moving
        if (package := packages.get(name)) and package.held and name not in observed.holds
    ]
    if not theirs:
        return None
    names = " ".join(theirs)
    return (
        f"{', '.join(theirs)} would have to move, and somebody put a hold on that; if it may, run "
        f"`apt-mark unhold {names}` on the host, otherwise set the settings to what is there"
    )


def _packages(observed: Observed) -> dict[str, Package]:
    return {**observed.packages, **(observed.gpus.packages if observed.gpus else {})}


def _brings(step: ToolkitStep | DriverStep | None) -> bool:
    return bool(step and (step.installs or (isinstance(step, DriverStep) and step.fabric)))


def _holds_gpus(settings: Settings) -> bool:
    asked = settings.gpu_driver != "keep" or settings.gpu_toolkit_version is not None
    return settings.gpu_hold and asked


def _gpu_set(settings: Settings, observed: Observed) -> list[str]:
    """Driver, toolkit and kernel, as far as they are there."""
    if observed.gpus is None or not _holds_gpus(settings):
        return []
    packages = observed.gpus.packages
    return [name for name in packages if packages[name].whole and belongs_to_gpus(name)]
