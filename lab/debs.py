"""What the packages of Docker's own archive are called, and what they say of one another. Pure."""

import re
from dataclasses import dataclass

ENGINES = {"20.10.24": "bookworm", "26.1.5": "trixie"}
RELEASES = {
    "bookworm": "debian.12~bookworm",
    "trixie": "debian.13~trixie",
    "jammy": "ubuntu.22.04~jammy",
    "noble": "ubuntu.24.04~noble",
}
# The files of these releases' Debian-made packages are below /lib, later ones' below /usr/lib.
OLD_UNIT_FOLDER = ("bookworm", "jammy")

RELATIONS = {
    "docker-ce": """\
Depends: containerd.io (>= 1.6.4), docker-ce-cli, {devmapper}iptables, \
libseccomp2 (>= 2.3.0), libc6 (>= 2.34), libsystemd0
Recommends: apparmor, ca-certificates, docker-ce-rootless-extras, git, libltdl7, pigz, procps, \
xz-utils
Suggests: cgroupfs-mount | cgroup-lite
Conflicts: docker (<< 1.5~), docker-engine, docker.io
Replaces: docker-engine, docker.io
""",
    "docker-ce-cli": """\
Depends: libc6 (>= 2.34)
Recommends: docker-buildx-plugin, docker-compose-plugin
Conflicts: docker (<< 1.5~), docker-engine, docker-cli, docker.io
Breaks: docker-engine (<< 5:0)
Replaces: docker-engine (<< 5:0), docker-cli, docker.io
""",
    "docker-ce-rootless-extras": """\
Depends: dbus-user-session, uidmap
Recommends: slirp4netns (>= 0.4.0)
Enhances: docker-ce
Conflicts: rootlesskit
""",
    "containerd.io": """\
Depends: libc6 (>= 2.34), libseccomp2 (>= 2.5.0)
Provides: containerd, runc
Conflicts: containerd, runc
Replaces: containerd, runc
""",
    "docker-buildx-plugin": """\
Depends: libc6 (>= 2.34)
Enhances: docker-ce-cli
Conflicts: docker-buildx
Replaces: docker-buildx
""",
    "docker-compose-plugin": """\
Depends: libc6 (>= 2.34)
Enhances: docker-ce-cli
Conflicts: docker-compose
Replaces: docker-compose
""",
}


@dataclass(frozen=True)
class Deb:
    """One package to make: its name, upstream version, and the Debian suite it is taken from."""

    name: str
    upstream: str
    suite: str


def upstream_version(debian_version: str) -> str:
    """The upstream part of a Debian version: "1:26.1.5+dfsg1-9+deb13u1" -> "26.1.5"."""
    found = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", debian_version)
    if found is None:
        raise ValueError(f"no version number in {debian_version!r}")
    return found[1]


def version(name: str, upstream: str, codename: str) -> str:
    """The version in Docker's form: "5:26.1.5-1~debian.12~bookworm"; containerd.io's is short."""
    if name == "containerd.io":
        return f"{upstream}-1"
    epoch = "" if name.endswith("-plugin") else "5:"
    return f"{epoch}{upstream}-1~{RELEASES[codename]}"


def file_name(name: str, full_version: str, architecture: str) -> str:
    """The file's name in the pool; the epoch is not part of it."""
    return f"{name}_{full_version.partition(':')[2] or full_version}_{architecture}.deb"


def control(deb: Deb, codename: str, architecture: str) -> str:
    """The control file of a repacked package."""
    relations = RELATIONS[deb.name].format(
        # Debian's 20.10 is linked against it, 26.1 is not.
        devmapper="libdevmapper1.02.1, " if deb.upstream.startswith("20.") else "",
    )
    return (
        f"Package: {deb.name}\n"
        f"Version: {version(deb.name, deb.upstream, codename)}\n"
        f"Architecture: {architecture}\n"
        "Maintainer: Rackwright's practice hosts <lab@localhost>\n"
        f"{relations}"
        "Section: admin\nPriority: optional\n"
        f"Description: {deb.name}, repacked from Debian {deb.suite} for practice hosts\n"
    )


def maintainer_script(debian_script: str, name: str, kind: str) -> str:
    """The part of a Debian maintainer script that a repacked package keeps.

    Kept are the sections that enable, start and stop services. The rest belongs to docker.io: it
    renames files of 2014, and on a purge deletes /var/lib/docker, which Docker's packages never do.
    """
    sections = re.findall(
        r"# Automatically added by dh_installsystemd/.*?# End automatically added section\n",
        debian_script,
        re.DOTALL,
    )
    group = ""
    if name == "docker-ce" and kind == "postinst":
        group = "getent group docker >/dev/null || groupadd --system docker\n"
    if not sections and not group:
        return ""
    return "#!/bin/sh\nset -e\n" + group + "".join(sections)
