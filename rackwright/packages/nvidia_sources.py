"""What on a host means NVIDIA's repositories: that of the driver, and that of the toolkit."""

import re

from rackwright.look.observed import Observed
from rackwright.packages import nvidia
from rackwright.packages.repositories import Repository
from rackwright.settings import Settings

TOOLKIT_SOURCE = "/etc/apt/sources.list.d/nvidia-container-toolkit.sources"
TOOLKIT_KEYRING = "/etc/apt/keyrings/nvidia-container-toolkit.asc"
CUDA_SOURCE = "/etc/apt/sources.list.d/nvidia-cuda.sources"
CUDA_KEYRING = "/etc/apt/keyrings/nvidia-cuda.asc"
# The toolkit's place, and its old ones (NVIDIA/libnvidia-container, README of its repository).
_TOOLKIT_FOLDERS = frozenset({"libnvidia-container", "nvidia-docker", "nvidia-container-runtime"})
_CUDA_FOLDERS = "/cuda/repos/"
# What is below the URLs of the settings.
_TOOLKIT_TREE = "(stable|experimental)/deb/([^/]+/)?"
_CUDA_TREE = "[a-z]+[0-9]+/[^/]+/"


def toolkit_repository(settings: Settings, observed: Observed) -> Repository:
    """The repository of NVIDIA's Container Toolkit, for a host."""
    url = settings.gpu_toolkit_repo_url
    return Repository(
        owner="NVIDIA's toolkit",
        source=TOOLKIT_SOURCE,
        keyring=TOOLKIT_KEYRING,
        uri=f"{url}/stable/deb/{observed.architecture}/",
        suite="/",
        component="",
        architecture=observed.architecture,
        key_url=f"{url}/gpgkey",
        fingerprint=settings.gpu_toolkit_key_fingerprint,
        keys=frozenset({nvidia.TOOLKIT_KEY_FINGERPRINT}),
        means=lambda uri, _: is_toolkit(uri, url),
        key_setting="gpu_toolkit_key_fingerprint",
        mirror_setting="gpu_toolkit_repo_url",
    )


def cuda_repository(settings: Settings, observed: Observed) -> Repository | None:
    """NVIDIA's repository of drivers, for a host; None where the settings do not ask for it."""
    url = settings.gpu_repo_url
    if url is None:
        return None
    uri = nvidia.cuda_repository(url, observed.distro, observed.release, observed.architecture)
    key_file, own = nvidia.cuda_key(observed.distro, observed.release)
    fingerprint = settings.gpu_key_fingerprint or own
    return Repository(
        owner="NVIDIA's CUDA",
        source=CUDA_SOURCE,
        keyring=CUDA_KEYRING,
        uri=uri,
        suite="/",
        component="",
        architecture=observed.architecture,
        key_url=f"{uri}{key_file}",
        fingerprint=fingerprint,
        keys=frozenset({own}),
        means=lambda uri, _: is_cuda(uri, url),
        key_setting="gpu_key_fingerprint",
        mirror_setting="gpu_repo_url",
    )


def is_toolkit(uri: str, url: str) -> bool:
    """Whether a source means the toolkit's repository, at NVIDIA's own place or at any mirror."""
    place = _place(uri)
    known = not _TOOLKIT_FOLDERS.isdisjoint(place.split("/")) and _CUDA_FOLDERS not in place
    return known or _has(url, _TOOLKIT_TREE, place)


def is_cuda(uri: str, url: str) -> bool:
    """Whether a source means NVIDIA's repository of drivers; every mirror copies the tree."""
    place = _place(uri)
    return _CUDA_FOLDERS in place or _has(url, _CUDA_TREE, place)


def _has(url: str, tree: str, place: str) -> bool:
    # A mirror may have much else below the URL, and one of the two below that of the other.
    return re.fullmatch(f"{re.escape(_place(url))}{tree}", place) is not None


def _place(uri: str) -> str:
    """HOST/FOLDER/FOLDER/ of a URI."""
    host, *folders = [folder for folder in uri.partition("//")[2].split("/") if folder] or [""]
    return "/".join([host.lower(), *folders, ""])
