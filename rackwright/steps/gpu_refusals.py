"""GPU hosts that must not be touched as they are."""

from collections.abc import Iterable

from rackwright.gpu.health import miscount
from rackwright.look.gpu import Gpus
from rackwright.look.observed import Observed
from rackwright.packages.nvidia import (
    CUDA_REPO_URL,
    driver,
    needs_subnet_manager,
    only_closed,
    only_open,
)
from rackwright.settings import Settings
from rackwright.steps.gpu_driver import driver_step


def gpu_refusals(settings: Settings, observed: Observed) -> Iterable[str]:
    """Why the GPUs of this host must not be touched as they are; nothing when they may."""
    gpus = observed.gpus or Gpus()
    yield from map(str, miscount(gpus, settings))
    if not gpus.devices:
        return
    if driver(settings.gpu_driver) and observed.distro == "debian" and not settings.gpu_repo_url:
        yield (
            f"Debian has one driver, and not {settings.gpu_driver} of several; set gpu_repo_url to "
            f'"{CUDA_REPO_URL}", or gpu_driver to "distro"'
        )
    if gpus.switches and observed.distro == "debian" and settings.gpu_driver == "distro":
        yield (
            "GPUs behind NVSwitches need Fabric Manager at exactly the driver's version, which "
            f'comes from NVIDIA; set gpu_repo_url to "{CUDA_REPO_URL}", and gpu_driver to a branch'
        )
    yield from _module_refusals(settings, gpus)
    if needs_subnet_manager(gpus.devices) and settings.gpu_driver != "keep":
        yield (
            f"{len(gpus.devices)} GPUs on one board ({_shown(gpus.devices)}) work only with "
            "NVIDIA's NVLink Subnet Manager (nvlsm) beside Fabric Manager, which Rackwright does "
            "not install; install both and the driver as NVIDIA's Fabric Manager guide says, and "
            'set gpu_driver to "keep"'
        )
    step = driver_step(settings, observed)
    if step and step.packages and gpus.secure_boot and not gpus.key_enrolled:
        ubuntu = "shim-signed" in gpus.signing_key
        new_key = "update-secureboot-policy --new-key" if ubuntu else "dkms generate_mok"
        yield (
            "Secure Boot is on, and its firmware does not know the key that DKMS signs the driver "
            "with, so that it would never load; on the host: apt-get install dkms mokutil, "
            f"{new_key}, mokutil --import {gpus.signing_key}, reboot and confirm at the "
            "console; or turn Secure Boot off"
        )
    for gpu in gpus.gpus:
        if gpu.mig is None and settings.mig_of(gpu.index):
            yield f"gpu_mig: GPU {gpu.index} ({gpu.name}) has no MIG; take it out"


def _module_refusals(settings: Settings, gpus: Gpus) -> Iterable[str]:
    """That the wanted kernel module, open or not, does not drive a GPU of the host."""
    wanted = driver(settings.gpu_driver)
    if wanted is None:
        return
    if wanted.open and (old := _shown(filter(only_closed, gpus.devices))):
        yield (
            f"the open kernel module drives no GPU before Turing ({old}); set gpu_driver to "
            f'"{settings.gpu_driver.removesuffix("-open")}"'
        )
    if not wanted.open and (new := _shown(filter(only_open, gpus.devices))):
        yield (
            f"only the open kernel module drives {new}; set gpu_driver to "
            f'"{settings.gpu_driver}-open"'
        )


def _shown(devices: Iterable[str]) -> str:
    return ", ".join(f"10de:{device}" for device in dict.fromkeys(devices))
