"""The distributions that a host can have, and what is true about each."""

import os
from dataclasses import dataclass

from lab.shell import LabError

DEFAULT = ("debian12", "debian13", "ubuntu24.04")


@dataclass(frozen=True)
class Distro:
    """A distribution: what it calls itself, and the archive that its userland comes from.

    An Ubuntu host without an Ubuntu archive is identified as Ubuntu on Debian's userland.
    """

    name: str
    short: str
    family: str
    codename: str
    version: str
    title: str
    suite: str
    mirror: str = ""

    @property
    def identified(self) -> bool:
        return self.suite != self.codename

    @property
    def description(self) -> str:
        userland = {"bookworm": "Debian 12", "trixie": "Debian 13"}.get(self.suite, "")
        note = f" (identified; {userland} userland)" if self.identified else ""
        return f"{self.title}{note}"


DEBIAN = {
    "debian12": Distro("debian12", "debian12", "debian", "bookworm", "12", "Debian 12", "bookworm"),
    "debian13": Distro("debian13", "debian13", "debian", "trixie", "13", "Debian 13", "trixie"),
}
UBUNTU = {
    "ubuntu22.04": ("jammy", "22.04", "Jammy Jellyfish", "bookworm"),
    "ubuntu24.04": ("noble", "24.04", "Noble Numbat", "trixie"),
}


def find(name: str, ubuntu_mirror: str | None = None) -> Distro:
    """The distribution of that name; with an Ubuntu mirror, Ubuntu ones are true ones.

    The mirror's default is LAB_UBUNTU_MIRROR of the environment. Raises LabError for other names.
    """
    mirror = os.environ.get("LAB_UBUNTU_MIRROR", "") if ubuntu_mirror is None else ubuntu_mirror
    if name in DEBIAN:
        return DEBIAN[name]
    if name not in UBUNTU:
        known = ", ".join([*DEBIAN, *UBUNTU])
        raise LabError(f"there is no distribution {name!r} in the lab; choose from {known}")
    codename, version, _, userland = UBUNTU[name]
    title = f"Ubuntu {version} LTS"
    # Part of every host's name, so that no result of an identified one passes for true Ubuntu.
    short = f"ubuntu{version.partition('.')[0]}{'' if mirror else '-identified'}"
    suite = codename if mirror else userland
    return Distro(name, short, "ubuntu", codename, version, title, suite, mirror)


def os_release(distro: Distro) -> str:
    """The /usr/lib/os-release of an identified Ubuntu host."""
    nickname = UBUNTU[distro.name][2]
    return f"""\
PRETTY_NAME="{distro.description}"
NAME="Ubuntu"
VERSION_ID="{distro.version}"
VERSION="{distro.version} LTS ({nickname})"
VERSION_CODENAME={distro.codename}
ID=ubuntu
ID_LIKE=debian
HOME_URL="https://www.ubuntu.com/"
UBUNTU_CODENAME={distro.codename}
"""
