"""The package sources of simulated GPU hosts, laid out as NVIDIA's, each signed with its own key.

compute/cuda/repos/DISTRO/ARCH/  as developer.download.nvidia.com: flat, its key beside the packages
libnvidia-container/             as nvidia.github.io: gpgkey, stable/deb/ARCH/, flat
distribution/{debian,ubuntu}/    what hosts would have from their distribution: kernels, dkms,
                                 Ubuntu's own driver packages; flat
"""

import json
import shutil
import tempfile
from pathlib import Path

from lab.gpu import driver, kernels, toolkit
from lab.gpu.package import Package
from lab.paths import CACHE, FILES, digest, locked
from lab.shell import run, stage
from lab.signing import new_key, sign

CUDA = "compute/cuda/repos"
# As NVIDIA names distributions and architectures.
CUDA_DISTROS = {"debian": ("debian12", "debian13"), "ubuntu": ("ubuntu2204", "ubuntu2404")}
CUDA_ARCHITECTURES = {"amd64": "x86_64", "arm64": "sbsa"}
# The names of NVIDIA's key files, after the last eight digits of their fingerprints: the second one
# is that of Debian 13.
CUDA_KEY_FILES = ("3bf863cc.pub", "8793F200.pub")
LABELS = {
    "cuda": ("NVIDIA", "NVIDIA CUDA"),
    "toolkit": ("https://nvidia.github.io/libnvidia-container", "NVIDIA CONTAINER TOOLKIT"),
    "distribution": ("Practice hosts", "Practice hosts kernel"),
}
TOOLKIT_LIST = "deb https://nvidia.github.io/libnvidia-container/stable/deb/$(ARCH) /\n"


def source() -> Path:
    """The folder that nginx serves, with fingerprints.json and wrong-key.asc beside the sources."""
    recipe = [*Path(__file__).parent.glob("*.py"), *(FILES / "gpu").glob("*.sh")]
    parts = [file.read_bytes() for file in sorted(recipe)]
    folder = CACHE / "nvidia" / digest(kernels.running(), *parts)
    with locked(f"nvidia-{folder.name}"):
        if folder.exists():
            return folder
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch, stage("NVIDIA simulated"):
            make(unfinished, Path(scratch))
        unfinished.rename(folder)
    return folder


def fingerprints() -> dict[str, str]:
    """The fingerprints of the keys: cuda, toolkit, distribution."""
    found: dict[str, str] = json.loads((source() / "fingerprints.json").read_text())
    return found


def make(root: Path, scratch: Path) -> None:
    """Make all packages, lists, signatures and keys."""
    architecture = run("dpkg", "--print-architecture").strip()
    keys = {}
    for name in LABELS:
        keys[name] = new_key(scratch / name, f"{name} (practice hosts) <lab@localhost>")
    (root / "fingerprints.json").write_text(json.dumps({k: v[0] for k, v in keys.items()}))
    _, wrong = new_key(scratch / "wrong", "Not the key you expect <lab@localhost>")
    (root / "wrong-key.asc").write_text(wrong)

    for family, distros in CUDA_DISTROS.items():
        for distro in distros:
            folder = root / CUDA / distro / CUDA_ARCHITECTURES[architecture]
            flat(folder, cuda_packages(family), architecture)
            publish(folder, scratch, "cuda", architecture)
            for name in CUDA_KEY_FILES:
                (folder / name).write_text(keys["cuda"][1])
        folder = root / "distribution" / family
        flat(folder, distribution_packages(family), architecture)
        publish(folder, scratch, "distribution", architecture)
        (folder / "key.asc").write_text(keys["distribution"][1])

    toolkits = root / "libnvidia-container"
    folder = toolkits / "stable/deb" / architecture
    flat(folder, [each for v in toolkit.VERSIONS for each in toolkit.packages(v)], architecture)
    publish(folder, scratch, "toolkit", architecture)
    (toolkits / "gpgkey").write_text(keys["toolkit"][1])
    (folder.parent / "nvidia-container-toolkit.list").write_text(TOOLKIT_LIST)


def cuda_packages(family: str) -> list[Package]:
    """What the CUDA repository of a distribution has."""
    if family == "debian":
        return [each for version in driver.releases() for each in driver.debian(version)]
    return [
        each
        for version in driver.releases()
        for each in driver.ubuntu(version, f"{version}-0ubuntu1")
    ]


def distribution_packages(family: str) -> list[Package]:
    """What a distribution has: kernels, and Ubuntu's drivers for servers."""
    made = kernels.packages(family, kernels.running())
    if family == "ubuntu":
        for version in driver.releases():
            made += driver.ubuntu(version, f"{version}-0ubuntu0.24.04.1", "-server")
    return made


def flat(folder: Path, packages: list[Package], architecture: str) -> None:
    """Write the packages into a folder."""
    folder.mkdir(parents=True)
    for package in packages:
        (folder / package.file_name(architecture)).write_bytes(package.deb(architecture))


def publish(folder: Path, scratch: Path, name: str, architecture: str) -> None:
    """Write the package list and the Release file of a flat repository, and sign it."""
    only_sha256 = [f"-oAPT::FTPArchive::{kind}=false" for kind in ("MD5", "SHA1", "SHA512")]
    (folder / "Packages").write_text(
        run("apt-ftparchive", *only_sha256, "packages", ".", cwd=folder)
    )
    run("gzip", "--keep", "--no-name", folder / "Packages")
    origin, label = LABELS[name]
    fields = {"Origin": origin, "Label": label, "Architectures": architecture}
    options = [f"-oAPT::FTPArchive::Release::{key}={value}" for key, value in fields.items()]
    release = run("apt-ftparchive", *only_sha256, *options, "release", ".", cwd=folder)
    (folder / "Release").write_text(release)
    sign(scratch / name, folder / "Release")
