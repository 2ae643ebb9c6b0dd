"""A package source laid out like Docker's own, its packages repacked from Debian's."""

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab import debs, images
from lab.distros import DEBIAN
from lab.paths import CACHE, FILES, digest, locked
from lab.repack import release_folder, repack_all
from lab.shell import run, stage
from lab.signing import new_key, sign

DOWNLOADS: dict[str, tuple[str, ...]] = {
    "bookworm": ("docker.io", "containerd", "runc", "tini", "rootlesskit"),
    "trixie": ("docker.io", "docker-cli", "containerd", "docker-buildx", "docker-compose"),
}


def source() -> Path:
    """The folder that nginx serves: linux/{debian,ubuntu}, fingerprint, wrong-key.asc."""
    recipe_files = [
        Path(__file__),
        *(FILES.parent / f for f in ("debs.py", "repack.py", "signing.py")),
    ]
    recipe_files += [FILES / "docker.service", FILES / "containerd.toml"]
    folder = CACHE / "packages" / digest(*(file.read_bytes() for file in recipe_files))
    with locked(f"packages-{folder.name}"):
        if folder.exists():
            return folder
        with ThreadPoolExecutor() as pool:
            downloads = dict(zip(DOWNLOADS, pool.map(download, DOWNLOADS), strict=True))
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            with stage("Docker's packages repacked"):
                repack_all(downloads, DOWNLOADS, Path(scratch), unfinished)
            with stage("package source signed"):
                index_and_sign(unfinished, Path(scratch))
        unfinished.rename(folder)
    return folder


def download(suite: str) -> Path:
    distro = next(each for each in DEBIAN.values() if each.suite == suite)
    return images.download(distro, DOWNLOADS[suite])


def index_and_sign(root: Path, scratch: Path) -> None:
    """Write Packages, Release, InRelease and the keys."""
    home = scratch / "gpg"
    fingerprint, public = new_key(home, "Docker Release (practice hosts) <lab@localhost>")
    _, wrong = new_key(scratch / "wrong-gpg", "Not the key you expect <lab@localhost>")
    (root / "fingerprint").write_text(fingerprint + "\n")
    (root / "wrong-key.asc").write_text(wrong)
    architecture = run("dpkg", "--print-architecture").strip()
    for codename in debs.RELEASES:
        dist = release_folder(root, codename)
        index(dist, codename, architecture)
        sign(home, dist / "Release")
        (dist.parent.parent / "gpg").write_text(public)


def index(dist: Path, codename: str, architecture: str) -> None:
    """Write a release's package list and its Release file with apt-ftparchive."""
    binary = dist / "stable" / f"binary-{architecture}"
    binary.mkdir(parents=True)
    only_sha256 = [f"-oAPT::FTPArchive::{kind}=false" for kind in ("MD5", "SHA1", "SHA512")]
    pool = f"dists/{codename}/pool/stable/{architecture}"
    packages = run("apt-ftparchive", *only_sha256, "packages", pool, cwd=dist.parent.parent)
    (binary / "Packages").write_text(packages)
    run("gzip", "--keep", "--no-name", binary / "Packages")
    fields = {
        "Origin": "Docker",
        "Label": "Docker CE",
        "Suite": codename,
        "Codename": codename,
        "Architectures": architecture,
        "Components": "stable",
    }
    options = [f"-oAPT::FTPArchive::Release::{key}={value}" for key, value in fields.items()]
    release = run("apt-ftparchive", *only_sha256, *options, "release", ".", cwd=dist)
    (dist / "Release").write_text(release)
