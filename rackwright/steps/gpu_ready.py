"""What the GPUs need when the driver is there: a reboot, MIG devices, a CDI specification."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rackwright.change import Change, Impact
from rackwright.gpu.cdi import stale
from rackwright.gpu.health import mismatch
from rackwright.look.gpu import Gpu, Gpus
from rackwright.look.observed import Observed
from rackwright.settings import Settings
from rackwright.steps.gpu_driver import DriverStep, wanted_units
from rackwright.steps.gpu_toolkit import ToolkitStep


@dataclass(frozen=True)
class RebootStep:
    """A reboot, so that the installed driver is the loaded one; `units` run afterwards."""

    units: tuple[str, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class MigStep:
    """The profiles that GPUs get, by their number; () turns MIG off."""

    profiles: Mapping[str, tuple[str, ...]]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class CdiStep:
    """A new CDI specification."""

    changes: tuple[Change, ...]


@dataclass(frozen=True)
class GpuVerifyStep:
    """How the GPUs are shown to work: `count` of them, in `image`, through CDI where Docker can.

    Without `image` only the host itself is asked.
    """

    count: int
    image: str
    cdi: bool

    @property
    def ways(self) -> tuple[str, ...]:
        """How containers get the GPUs."""
        if not self.image:
            return ()
        return ("--gpus all", "CDI") if self.cdi else ("--gpus all",)


def reboot_reason(gpus: Gpus | None, driver: DriverStep | None) -> str:
    """Why only a reboot makes the driver work, half a sentence; "" when there is no reason."""
    if gpus is None:
        return ""
    if driver and driver.replaces_loaded:
        return f"driver {gpus.loaded} is loaded until then"
    if gpus.nouveau and (driver or gpus.modules):
        return "nouveau has the GPUs until then"
    return mismatch(gpus) if gpus.modules else ""


def reboot_step(observed: Observed, reason: str) -> RebootStep | None:
    """The reboot for this reason, which stops all containers; None for no reason."""
    gpus = observed.gpus
    if gpus is None or not reason:
        return None
    before = f"up, kernel {gpus.kernel}"
    after = f"rebooted, kernel {gpus.next_kernel}"
    running = observed.engine.containers if observed.engine else ()
    stops = (*running, *observed.rootless_containers)
    change = Change("gpus", "the host", before, after, reason, Impact.REBOOT, stops)
    return RebootStep(wanted_units(gpus), (change,))


def mig_step(
    settings: Settings, gpus: Gpus | None, driver: DriverStep | None, reboot: RebootStep | None
) -> MigStep | None:
    """The GPUs whose MIG devices differ from the wanted ones; None when none does.

    A reboot leaves the mode and takes the devices away (NVIDIA, "MIG User Guide": "created MIG
    devices are not persistent across system reboots").
    """
    if gpus is None or not settings.gpu_mig or not (gpus.gpus or driver or reboot):
        return None
    # A driver that is about to be loaded shows its GPUs afterwards.
    there = {gpu.index: replace(gpu, profiles=()) if reboot else gpu for gpu in gpus.gpus}
    wanted = {
        index: profiles
        for index in (there or map(str, range(len(gpus.devices))))
        if (profiles := settings.mig_of(index)) is not None
        and not _right(there.get(index), profiles)
    }
    if not wanted:
        return None
    reason = "gpu_mig asks for it"
    if reboot and there:
        reason += ", and a reboot takes devices away"
    changes = (_mig_change(index, each, there.get(index), reason) for index, each in wanted.items())
    return MigStep(wanted, tuple(changes))


def cdi_step(
    settings: Settings,
    gpus: Gpus | None,
    steps: tuple[DriverStep | ToolkitStep | RebootStep | MigStep | None, ...],
) -> CdiStep | None:
    """A new specification where `steps` change what is in it, or it is not right any more."""
    if gpus is None or settings.gpu_toolkit_version is None:
        return None
    if not (gpus.loaded or any(isinstance(step, DriverStep | RebootStep) for step in steps)):
        return None
    reason = "what is in it changes" if any(steps) else stale(gpus)
    if not reason:
        return None
    before = ", ".join(gpus.cdi.files) or "absent"
    return CdiStep((Change("gpus", "CDI specification", before, "made anew", reason),))


def gpu_verify_step(
    settings: Settings, gpus: Gpus | None, changed: bool, with_cdi: bool
) -> GpuVerifyStep | None:
    """How to show that it works; None where nothing was changed and nobody wants to see it."""
    if gpus is None or not gpus.devices or settings.docker_verify == "never":
        return None
    if not (changed or settings.docker_verify == "always"):
        return None
    image = settings.gpu_image if settings.gpu_toolkit_version else ""
    return GpuVerifyStep(len(gpus.devices), image, with_cdi)


def _right(gpu: Gpu | None, wanted: tuple[str, ...]) -> bool:
    if gpu is None:
        return False
    if not wanted:
        return not gpu.mig
    return bool(gpu.mig) and sorted(gpu.profiles) == sorted(wanted)


def _mig_change(index: str, wanted: tuple[str, ...], gpu: Gpu | None, reason: str) -> Change:
    before = "not known yet"
    if gpu:
        before = (", ".join(gpu.profiles) or "on, without devices") if gpu.mig else "off"
    after = ", ".join(wanted) or "off"
    return Change("gpus", f"MIG of GPU {index}", before, after, reason)
