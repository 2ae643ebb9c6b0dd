"""The programs that the lab needs on this machine, and the packages that they come in."""

import os
import shutil
from pathlib import Path

from lab.engine import CHOICE, SOCKET, answers
from lab.shell import LabError, run, stage

PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "dpkg-deb": "dpkg",
    "apt-ftparchive": "apt-utils",
    "gpg": "gnupg",
    "gpgconf": "gnupg",
    "gzip": "gzip",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
ENGINE = {"dockerd": "docker.io", "iptables": "iptables"}
DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def missing(needed: dict[str, str]) -> list[str]:
    """The packages of those programs that are not installed, each once."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return sorted({needed[name] for name in needed if not shutil.which(name, path=path)})


def ensure() -> None:
    """Install what is missing; raise LabError with what to install where this may not be done."""
    packages = missing(PROGRAMS)
    if not DEBIAN_KEYRING.exists():
        packages.append("debian-archive-keyring")
    has_client = not missing({"docker": "docker.io"})
    if not (has_client and (answers("") or (CHOICE.exists() and answers(SOCKET)))):
        packages += missing(ENGINE)
    if not has_client and "docker.io" not in packages:
        packages.append("docker.io")
    if packages:
        install(packages)
    if missing({"docker": "docker-cli"}):
        # Debian 13 has the client in a package of its own.
        install(["docker-cli"])


def install(packages: list[str]) -> None:
    """Install packages of the machine's distribution with apt-get."""
    names = " ".join(packages)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise LabError(f"the lab needs these packages, install them first: {names}")
    with stage(f"installed on this machine: {names}"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run("apt-get", "update", "--quiet", env=env)
        run("apt-get", "install", "--yes", "--no-install-recommends", *packages, env=env)
