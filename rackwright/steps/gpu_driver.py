"""NVIDIA's driver: headers, packages, Fabric Manager, and what keeps nouveau away."""

from collections.abc import Iterable
from dataclasses import dataclass

from rackwright.change import Change, Impact
from rackwright.gpu.health import mismatch, unloaded
from rackwright.gpu.modules import unbuilt
from rackwright.look.gpu import Gpus
from rackwright.look.observed import Observed
from rackwright.packages.nvidia import (
    Driver,
    archive_driver,
    belongs_to_driver,
    cuda_driver,
    distro_driver,
    driver,
    fabric_packages,
)
from rackwright.settings import Settings
from rackwright.steps.engine import upstream

PREFERENCES = "/etc/apt/preferences.d/rackwright-nvidia"
NOUVEAU_OFF = "/etc/modprobe.d/rackwright-nouveau.conf"
UNITS = ("nvidia-persistenced", "nvidia-fabricmanager")


@dataclass(frozen=True)
class DriverStep:
    """What to install, in this order: `headers`, `packages`, and `fabric` at the driver's version.

    `kernels` must have the driver's module afterwards. `preferences` is the text of apt's
    preferences for it, None to leave that file, "" to take it away. `nouveau_off` says whether
    nouveau has to be kept from loading, `units` which services have to run, `lifted` from which
    packages a hold of ours comes off. `replaces_loaded` says that another module runs until a
    reboot, `loads` that nothing stands in the way of this one.
    """

    headers: tuple[str, ...]
    packages: tuple[str, ...]
    fabric: tuple[str, ...]
    kernels: tuple[str, ...]
    preferences: str | None
    nouveau_off: bool
    units: tuple[str, ...]
    lifted: tuple[str, ...]
    replaces_loaded: bool
    loads: bool
    changes: tuple[Change, ...]

    @property
    def breaks_jobs(self) -> bool:
        """Whether a job that computes would not survive it."""
        return bool(self.packages or self.fabric)

    @property
    def installs(self) -> tuple[str, ...]:
        """What apt is asked for at first."""
        return (*self.headers, *self.packages)


def driver_step(settings: Settings, observed: Observed) -> DriverStep | None:
    """What to do about the driver; None when it is as wanted, for every kernel that may boot."""
    gpus = observed.gpus
    if gpus is None or not gpus.devices or settings.gpu_driver == "keep":
        return None
    wanted, cuda = wanted_driver(settings, observed.distro, gpus), settings.gpu_repo_url is not None
    names = cuda_driver(wanted) if wanted and cuda else archive_driver(wanted, gpus.devices)
    missing = [name for name in names if not _fits(name, wanted, gpus)]
    headers = [kernel for kernel in gpus.kernels if kernel not in gpus.headers]
    lacking = unbuilt(gpus)
    preferences = _preferences(settings, wanted)
    before = gpus.files.get(PREFERENCES, "")
    fabric = _fabric(wanted, cuda, names, missing, gpus)
    # With another driver loaded than the installed one, they cannot run; the reboot starts them.
    units = [] if missing or not gpus.loaded or mismatch(gpus) else _units(gpus)
    loads = unloaded(gpus) and not missing
    changes = [
        *(_header_change(kernel, gpus) for kernel in headers),
        *(_package_change(name, wanted, gpus) for name in missing),
        *(_fabric_change(name, gpus) for name in fabric),
        *(_module_change(kernel, gpus) for kernel in lacking if not missing),
        *(_unit_change(unit) for unit in units),
        *([_loaded_change()] if loads else ()),
    ]
    if preferences != before:
        after = f"version {_pinned(wanted)}" if wanted and preferences else "absent"
        reason = "all packages of the driver have to be of one version"
        changes.append(
            Change("driver", PREFERENCES, "other" if before else "absent", after, reason)
        )
    if not gpus.nouveau_off:
        reason = "it takes the GPUs before NVIDIA's driver can"
        changes.append(Change("driver", "nouveau", "may be loaded", "is not loaded", reason))
    if not changes:
        return None
    other = bool(missing) or (gpus.kernel in lacking and gpus.kernel in gpus.modules)
    replaces = other and gpus.loaded is not None
    return DriverStep(
        headers=tuple(f"linux-headers-{kernel}" for kernel in headers),
        packages=tuple(_argument(name, wanted) for name in missing),
        fabric=tuple(fabric),
        kernels=gpus.kernels,
        preferences=None if preferences == before else preferences,
        nouveau_off=not gpus.nouveau_off,
        units=wanted_units(gpus) if missing or fabric or loads else tuple(units),
        lifted=_lifted(observed, gpus) if missing or fabric else (),
        replaces_loaded=replaces,
        loads=not (replaces or gpus.nouveau or mismatch(gpus)),
        changes=tuple(changes),
    )


def wanted_driver(settings: Settings, distro: str, gpus: Gpus) -> Driver | None:
    """The driver that the settings mean on this host; None for the only one of the distribution."""
    return driver(settings.gpu_driver) or distro_driver(distro, gpus.devices)


def _fits(name: str, wanted: Driver | None, gpus: Gpus) -> bool:
    package = gpus.packages.get(name)
    if package is None or not package.whole:
        return False
    return wanted is None or f"{upstream(package.version)}.".startswith(f"{wanted.version}.")


def _fabric(
    wanted: Driver | None, cuda: bool, names: Iterable[str], missing: Iterable[str], gpus: Gpus
) -> list[str]:
    """Packages for the NVSwitches that are not there at exactly the driver's version."""
    if not gpus.switches or wanted is None:
        return []
    versions = [upstream(gpus.packages[name].version) for name in names if name in gpus.packages]
    found = fabric_packages(wanted.branch, cuda)
    right = all(
        (package := gpus.packages.get(name))
        and package.whole
        and upstream(package.version) in versions
        for name in found
    )
    return [] if right and not missing else list(found)


def wanted_units(gpus: Gpus) -> tuple[str, ...]:
    """The services that the driver needs on this host."""
    return UNITS if gpus.switches else UNITS[:1]


def _units(gpus: Gpus) -> list[str]:
    return [
        name for name in wanted_units(gpus) if gpus.unit(name).there and not gpus.unit(name).runs
    ]


def _lifted(observed: Observed, gpus: Gpus) -> tuple[str, ...]:
    held = (name for name, package in gpus.packages.items() if package.held)
    return tuple(name for name in held if name in observed.holds and belongs_to_driver(name))


def _preferences(settings: Settings, wanted: Driver | None) -> str:
    """Apt's preferences, as NVIDIA's own pinning packages have them; "" for none."""
    if settings.gpu_repo_url is None or wanted is None:
        return ""
    names = "*nvidia* cuda-drivers* libcuda1 libnvidia* libxnvctrl*"
    return (
        "# Written by Rackwright, which overwrites it.\n"
        f"Package: {names}\nPin: version {_pinned(wanted)}\nPin-Priority: 1001\n"
    )


def _pinned(wanted: Driver) -> str:
    return f"{wanted.version}-*" if wanted.patch else f"{wanted.branch}.*"


def _argument(name: str, wanted: Driver | None) -> str:
    # apt takes a pattern for a version (apt-get(8), "install").
    return f"{name}={_pinned(wanted)}" if wanted and wanted.patch else name


def _package_change(name: str, wanted: Driver | None, gpus: Gpus) -> Change:
    package = gpus.packages.get(name)
    before = package.version if package else "not installed"
    if package and not package.whole:
        before = f"{package.version}, half-way ({package.status})"
    loaded = f", {gpus.loaded} is loaded" if gpus.loaded else ""
    return Change(
        "driver",
        name,
        before,
        _pinned(wanted) if wanted and wanted.patch else "newest",
        f"gpu_driver asks for it{loaded}",
        Impact.REBOOT if gpus.loaded or gpus.nouveau else Impact.NONE,
    )


def _header_change(kernel: str, gpus: Gpus) -> Change:
    when = "runs" if kernel == gpus.kernel else "boots next"
    reason = f"kernel {kernel} {when}, and the module is built with them"
    return Change("driver", f"linux-headers-{kernel}", "not installed", "installed", reason)


def _fabric_change(name: str, gpus: Gpus) -> Change:
    package = gpus.packages.get(name)
    before = package.version if package else "not installed"
    reason = "NVSwitches work only with exactly the driver's version"
    return Change("driver", name, before, "the driver's version", reason)


def _module_change(kernel: str, gpus: Gpus) -> Change:
    before = gpus.modules.get(kernel, "absent")
    reason = "the GPUs would be gone when it boots"
    return Change("driver", f"module for kernel {kernel}", before, "built", reason)


def _loaded_change() -> Change:
    return Change("driver", "nvidia module", "not loaded", "loaded", "no GPU works without it")


def _unit_change(unit: str) -> Change:
    reason = "NVSwitches need it" if "fabric" in unit else "the driver keeps its state between jobs"
    return Change("driver", f"{unit}.service", "does not run", "enabled and running", reason)
