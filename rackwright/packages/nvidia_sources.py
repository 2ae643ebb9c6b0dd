"""What on a host means NVIDIA's repositories: that of the driver, and that of the toolkit."""

from collections.abc import Sequence

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
    return _below(uri, url) or not _TOOLKIT_FOLDERS.isdisjoint(_folders(uri))


def is_cuda(uri: str, url: str) -> bool:
    """Whether a source means NVIDIA's repository of drivers; every mirror copies the tree."""
    folders = _folders(uri)
    return _below(uri, url) or any(
        folders[at : at + 2] == ["cuda", "repos"] for at in range(len(folders))
    )


def _below(uri: str, url: str) -> bool:
    ours = _folders(url)
    return _folders(uri)[: len(ours)] == ours


def _folders(uri: str) -> Sequence[str]:
    host, *folders = [folder for folder in uri.partition("//")[2].split("/") if folder] or [""]
    return [host.lower(), *folders]
