"""What is wrong with a host's GPUs, and what to do about it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from rackwright.gpu.cdi import stale
from rackwright.gpu.modules import installed, unbuilt
from rackwright.look.gpu import Gpus
from rackwright.packages.nvidia import TOOLKIT_PACKAGES
from rackwright.settings import Settings
from rackwright.steps.engine import upstream

DEPLOY = "pyinfra INVENTORY deploy.py"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, and the remedy; half a sentence each."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"


def findings(gpus: Gpus | None, settings: Settings) -> tuple[Finding, ...]:
    """All that is wrong with the GPUs of a host, the gravest first; () when they work."""
    if gpus is None:
        return tuple(miscount(Gpus(), settings))
    return (
        *miscount(gpus, settings),
        *_driver(gpus),
        *_kernels(gpus),
        *_fabric(gpus),
        *_containers(gpus, settings),
        *hardware(gpus),
        *_mig(gpus, settings),
    )


def mismatch(gpus: Gpus) -> str:
    """Why the driver that is loaded is not the one that is installed; "" when it is."""
    installed = gpus.modules.get(gpus.kernel)
    if gpus.loaded and installed and gpus.loaded != installed:
        return f"driver {installed} is installed, {gpus.loaded} is loaded"
    if "version mismatch" in gpus.failed:
        return f"driver {gpus.loaded or '?'} is loaded, its libraries are of another version"
    return ""


def _fabric_versions(gpus: Gpus) -> list[str]:
    return [
        upstream(package.version)
        for name, package in gpus.packages.items()
        if name.startswith("nvidia-fabricmanager") and "-dev" not in name and package.whole
    ]


def miscount(gpus: Gpus, settings: Settings) -> Iterable[Finding]:
    """That the host has another number of GPUs than it should; nothing when it has not."""
    there = len(gpus.devices)
    if settings.gpu_count is not None and there != settings.gpu_count:
        yield Finding(
            f"{there} GPU{' is' if there == 1 else 's are'} on the PCI bus, and gpu_count is "
            f"{settings.gpu_count}",
            "look for Xid 79 in the kernel's log, check power and seating, or correct gpu_count",
        )


def unloaded(gpus: Gpus) -> bool:
    """Whether nothing but its module that is not loaded keeps the driver from working."""
    return bool(gpus.modules.get(gpus.kernel)) and not (gpus.loaded or gpus.nouveau)


def unseen(gpus: Gpus) -> Iterable[Finding]:
    """GPUs on the PCI bus that the installed driver does not show; nothing where it shows all."""
    if unloaded(gpus):
        yield Finding("the driver is installed, and not loaded", "modprobe nvidia says why")
    if not gpus.loaded or mismatch(gpus):
        return
    if gpus.failed:
        yield Finding(f"nvidia-smi fails: {gpus.failed}", "look into the kernel's log (NVRM, Xid)")
    elif len(gpus.gpus) != len(gpus.devices):
        yield Finding(
            f"nvidia-smi shows {len(gpus.gpus)} of {len(gpus.devices)} GPUs",
            "look for Xid messages in the kernel's log; a reboot brings back what fell off the bus",
        )


def _driver(gpus: Gpus) -> Iterable[Finding]:
    if not gpus.loaded and not gpus.modules:
        yield Finding("no driver is installed", f"set gpu_driver, and run {DEPLOY}")
    elif reason := mismatch(gpus):
        yield Finding(reason, "reboot it when it is idle, or set gpu_allow_reboot")
    else:
        yield from unseen(gpus)
    if gpus.nouveau:
        yield Finding("nouveau drives the GPUs", "a reboot loads NVIDIA's driver in its place")
    if gpus.secure_boot and not gpus.loaded and not gpus.key_enrolled:
        yield Finding(
            "Secure Boot refuses a module that is signed by an unknown key",
            f"enrol it: mokutil --import {gpus.signing_key}, reboot, and confirm at the console",
        )
    persistence = gpus.unit("nvidia-persistenced")
    if gpus.loaded and persistence.there and not persistence.runs:
        yield Finding(
            "nvidia-persistenced does not run, so the driver forgets its state between jobs",
            "systemctl enable --now nvidia-persistenced",
        )


def _kernels(gpus: Gpus) -> Iterable[Finding]:
    if not gpus.modules:
        return
    for kernel in unbuilt(gpus):
        when = "which runs" if kernel == gpus.kernel else "which boots next"
        if version := gpus.modules.get(kernel):
            yield Finding(
                f"the driver for kernel {kernel}, {when}, is {version}, installed is "
                f"{', '.join(sorted(installed(gpus)))}",
                f"dkms autoinstall -k {kernel}",
            )
        else:
            yield Finding(
                f"there is no driver for kernel {kernel}, {when}",
                f"install linux-headers-{kernel}, then: dkms autoinstall -k {kernel}",
            )


def _fabric(gpus: Gpus) -> Iterable[Finding]:
    if not gpus.switches or not gpus.loaded:
        return
    managers = _fabric_versions(gpus)
    if not managers:
        yield Finding(
            f"{gpus.switches} NVSwitches and no Fabric Manager", f"set gpu_driver, and run {DEPLOY}"
        )
    elif gpus.loaded not in managers:
        yield Finding(
            f"Fabric Manager is {', '.join(managers)}, the driver {gpus.loaded}, and no GPU works",
            f"set gpu_driver, and run {DEPLOY}",
        )
    elif not gpus.unit("nvidia-fabricmanager").runs:
        yield Finding("Fabric Manager does not run", "systemctl enable --now nvidia-fabricmanager")


def _containers(gpus: Gpus, settings: Settings) -> Iterable[Finding]:
    toolkit = {
        name: gpus.packages[name].version for name in TOOLKIT_PACKAGES if name in gpus.packages
    }
    if not toolkit:
        yield Finding(
            "no Container Toolkit", f'set gpu_toolkit_version = "latest", and run {DEPLOY}'
        )
        return
    if len(set(toolkit.values())) > 1 or len(toolkit) < len(TOOLKIT_PACKAGES):
        shown = ", ".join(f"{name} {version}" for name, version in toolkit.items())
        yield Finding(
            f"the toolkit's packages are not of one version: {shown}",
            f"set gpu_toolkit_version, and run {DEPLOY}",
        )
    if gpus.runtimes and "nvidia" not in gpus.runtimes:
        yield Finding(
            "Docker does not know the nvidia runtime",
            f"set gpu_toolkit_version, and run {DEPLOY}",
        )
    if gpus.loaded and (reason := stale(gpus)):
        yield Finding(
            f"the CDI specification is not right: {reason}",
            f"run {DEPLOY}"
            if settings.gpu_toolkit_version
            else "nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
        )


def hardware(gpus: Gpus) -> Iterable[Finding]:
    """What is wrong with the GPUs themselves."""
    for gpu in gpus.gpus:
        if gpu.ecc_errors:
            yield Finding(
                f"GPU {gpu.index} had {gpu.ecc_errors} uncorrected ECC errors",
                f"drain it, then nvidia-smi -i {gpu.index} --gpu-reset; replace it if they return",
            )
        if gpu.slowed:
            yield Finding(
                f"GPU {gpu.index} is throttled ({', '.join(gpu.slowed)})",
                "check cooling and power",
            )


def _mig(gpus: Gpus, settings: Settings) -> Iterable[Finding]:
    for gpu in gpus.gpus:
        if gpu.mig_pending is not None and gpu.mig != gpu.mig_pending:
            yield Finding(
                f"MIG mode of GPU {gpu.index} waits for a reset",
                f"nvidia-smi -i {gpu.index} --gpu-reset when it is idle, or a reboot",
            )
        wanted = settings.mig_of(gpu.index)
        if wanted is not None and sorted(wanted) != sorted(gpu.profiles):
            yield Finding(
                f"GPU {gpu.index} has {', '.join(gpu.profiles) or 'no MIG devices'}, wanted "
                f"{'are ' + ', '.join(wanted) if wanted else 'is none'}",
                f"run {DEPLOY}",
            )
