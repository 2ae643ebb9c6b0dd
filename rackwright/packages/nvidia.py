"""NVIDIA's package names, repositories and keys, each in this one place.

Names and layout: NVIDIA's "Driver Installation Guide" (Ubuntu, Debian, "Recent Updates": from
branch 590 on, names have no branch in them), "Container Toolkit: Installing"; Ubuntu's server guide
("NVIDIA drivers installation"); Debian's own package lists. Fingerprints: computed from the key
files by many independent projects, the CUDA one also named in NVIDIA's "Updating the CUDA Linux GPG
Repository Key".
"""

import re
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

CUDA_REPO_URL: Final = "https://developer.download.nvidia.com/compute/cuda/repos"
TOOLKIT_REPO_URL: Final = "https://nvidia.github.io/libnvidia-container"
TOOLKIT_KEY_FINGERPRINT: Final = "C95B321B61E88C1809C4F759DDCAE044F796ECB0"
# Debian 13 does not accept the SHA-1 in the old key any more, and got one of its own.
_CUDA_KEYS: Final = {
    "debian13": ("8793F200.pub", "02182E60104FCDC26EAE1B8597A5D4CB8793F200"),
}
_CUDA_KEY: Final = ("3bf863cc.pub", "EB693B3035CD5710E231E123A4B469963BF863CC")
_CUDA_ARCHITECTURES: Final = {"amd64": "x86_64", "arm64": "sbsa"}

# All four are built from one source at one version; pinning the first alone lets the libraries
# float (NVIDIA/nvidia-container-toolkit #1091).
TOOLKIT_PACKAGES: Final = (
    "nvidia-container-toolkit",
    "nvidia-container-toolkit-base",
    "libnvidia-container-tools",
    "libnvidia-container1",
)
# As `nvidia-ctk runtime configure` writes it, so that a host which that has configured stays.
RUNTIME: Final[dict[str, JsonValue]] = {"args": [], "path": "nvidia-container-runtime"}

# What "distro" means on Ubuntu, which has every branch at once: the server driver of the branch
# with long-term support (NVIDIA, "Data Center Drivers") that all of its supported releases have.
UBUNTU_BRANCH: Final = "580"
# From this branch on, NVIDIA's names for Ubuntu and Debian have no branch in them.
_NAMES_WITHOUT_BRANCH: Final = 590
# Fabric Manager and NSCQ lost it earlier, with 580.
_FABRIC_WITHOUT_BRANCH: Final = 580
# The open kernel module is for Turing and later (its README, "Compatible GPUs"), whose PCI device
# numbers begin here (pci.ids).
_TURING: Final = 0x1E00
# Grace Hopper, and everything from Blackwell on, is driven by the open module alone (NVIDIA,
# "Transitions Fully Towards Open-Source GPU Kernel Modules"); numbers from NVIDIA/gpu-admin-tools.
_GRACE_HOPPER: Final = (0x2342, 0x2343, 0x2345, 0x2348)
_BLACKWELL: Final = 0x2900
# B200, B100 and B300 for HGX boards of eight (pci.ids). Their NVSwitches are on the PCI bus as
# InfiniBand devices, and need NVLSM beside Fabric Manager (NVIDIA, "Fabric Manager User Guide").
_ON_BOARDS: Final = ("2901", "2920", "3182")
_BOARD: Final = 8

# Extended regular expressions, for us and for grep -Ex on a host.
DRIVER_PATTERN: Final = r"(nvidia-|libnvidia-|cuda-drivers|linux-modules-nvidia-).*|libcuda1"
_KERNEL_PATTERN: Final = r"linux-(image|headers|generic|server|virtual)(-.*)?"
SET_PATTERN: Final = f"{DRIVER_PATTERN}|{_KERNEL_PATTERN}"

_DRIVER = re.compile(
    r"(?P<branch>\d{3})(?P<patch>(\.\d+){1,2})?(?P<server>-server)?(?P<open>-open)?"
)


@dataclass(frozen=True)
class Driver:
    """A wanted driver: its branch ("570"), the patch (".86.15" or ""), and which variant."""

    branch: str
    patch: str = ""
    server: bool = False
    open: bool = False

    @property
    def version(self) -> str:
        """The version as far as it is given: "570" or "570.86.15"."""
        return self.branch + self.patch


def driver(wanted: str) -> Driver | None:
    """The driver that a value of gpu_driver names; None when it is none."""
    found = _DRIVER.fullmatch(wanted)
    if not found:
        return None
    return Driver(found["branch"], found["patch"] or "", bool(found["server"]), bool(found["open"]))


def open_module_fits(devices: tuple[str, ...]) -> bool:
    """Whether the open kernel module drives all GPUs with these PCI device numbers ("20b0")."""
    return bool(devices) and not any(map(only_closed, devices))


def only_closed(device: str) -> bool:
    """Whether the GPU of this PCI device number is too old for the open kernel module."""
    return int(device, 16) < _TURING


def only_open(device: str) -> bool:
    """Whether only the open kernel module drives the GPU of this PCI device number."""
    number = int(device, 16)
    return number >= _BLACKWELL or number in _GRACE_HOPPER


def needs_subnet_manager(devices: tuple[str, ...]) -> bool:
    """Whether these PCI device numbers are those of a board whose NVSwitches need NVLSM."""
    return len(devices) >= _BOARD and any(device in _ON_BOARDS for device in devices)


def distro_driver(distro: str, devices: tuple[str, ...]) -> Driver | None:
    """What "distro" means for GPUs with these device numbers; None where there is no choice."""
    if distro == "debian":
        return None
    return Driver(UBUNTU_BRANCH, server=True, open=open_module_fits(devices))


def archive_driver(wanted: Driver | None, devices: tuple[str, ...]) -> tuple[str, ...]:
    """Packages of the distribution's own driver, without a display; None means Debian's one."""
    if wanted is None:
        opened = open_module_fits(devices)
        kernel = "nvidia-open-kernel-dkms" if opened else "nvidia-kernel-dkms"
        return (kernel, "nvidia-smi", "libcuda1", "nvidia-persistenced")
    server = "-server" if wanted.server else ""
    return (
        f"nvidia-headless-{wanted.branch}{server}{'-open' if wanted.open else ''}",
        f"nvidia-utils-{wanted.branch}{server}",
    )


def cuda_driver(wanted: Driver) -> tuple[str, ...]:
    """The package of NVIDIA's own repository that brings a driver with all that belongs to it."""
    name = "nvidia-open" if wanted.open else "cuda-drivers"
    return (name if int(wanted.branch) >= _NAMES_WITHOUT_BRANCH else f"{name}-{wanted.branch}",)


def fabric_packages(branch: str, from_cuda: bool) -> tuple[str, ...]:
    """What an NVSwitch needs besides, at exactly the driver's version."""
    bare = from_cuda and int(branch) >= _FABRIC_WITHOUT_BRANCH
    names = ("nvidia-fabricmanager", "libnvidia-nscq")
    return names if bare else tuple(f"{name}-{branch}" for name in names)


def cuda_folder(distro: str, release: str) -> str:
    """The folder of a release in NVIDIA's repository: "ubuntu2404", "debian12"."""
    return distro + release.replace(".", "")


def cuda_repository(url: str, distro: str, release: str, architecture: str) -> str:
    """Where the flat repository of a release is."""
    folder = cuda_folder(distro, release)
    return f"{url}/{folder}/{_CUDA_ARCHITECTURES.get(architecture, architecture)}/"


def cuda_key(distro: str, release: str) -> tuple[str, str]:
    """The name of the key's file in that repository, and its fingerprint."""
    return _CUDA_KEYS.get(cuda_folder(distro, release), _CUDA_KEY)


def belongs_to_driver(package: str) -> bool:
    """Whether a package is a part of a driver, so that it moves only together with the others."""
    toolkit = package.startswith(("nvidia-container", "libnvidia-container"))
    return re.fullmatch(DRIVER_PATTERN, package) is not None and not toolkit


def belongs_to_gpus(package: str) -> bool:
    """Whether a package is of the set that moves together: driver, toolkit, kernel and headers."""
    return re.fullmatch(SET_PATTERN, package) is not None
