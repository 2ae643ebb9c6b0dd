"""The images that hosts and services start from. Each is made once and named by its recipe."""

import os
from functools import cache
from pathlib import Path

from lab import network
from lab.distros import DEBIAN, Distro, os_release
from lab.engine import LABEL, docker
from lab.paths import CACHE, FILES, digest, lab_id, locked
from lab.shell import run, stage
from lab.tar import File, archive

PACKAGES = (
    "systemd,systemd-sysv,dbus,openssh-server,sudo,ca-certificates,curl,gnupg,iproute2,iptables,"
    "kmod,procps"
)
SMALL = (
    "--variant=minbase",
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "locale", "man")),
)
BOOT = 'CMD ["/sbin/init"]'
UBUNTU_KEYRING = Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg")
# For nginx: the archive that this machine's own mmdebstrap took for the hosts.
NAME_ARCHIVE = r"""
sed -n 's|^deb http://\([^/]*\)/debian .*|set $archive \1;|p' /etc/apt/sources.list |
    head -n 1 >/etc/archive.conf
grep -q archive /etc/archive.conf || exit 1
"""
INSTALL = """\
set -eu
export DEBIAN_FRONTEND=noninteractive
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get update --quiet
apt-get install --quiet --yes --no-install-recommends -o Dpkg::Options::=--force-confold {packages}
{then}
apt-get clean
rm -rf /usr/sbin/policy-rc.d /var/lib/apt/lists/*
"""


@cache
def host(distro: Distro) -> str:
    """The image of a bare host of that distribution."""
    if not distro.identified:
        return root_image(distro)
    base = root_image(next(each for each in DEBIAN.values() if each.suite == distro.suite))
    return derive(base, distro.name, {"usr/lib/os-release": File(os_release(distro).encode())})


@cache
def with_docker_io(distro: Distro) -> str:
    """The image of a host on which somebody installed the distribution's own Docker."""
    script = INSTALL.format(packages="docker.io containerd runc", then="")
    return derive(host(distro), f"{distro.name}-docker.io", {}, script)


def services(files: dict[str, File]) -> str:
    """The image of the container that serves packages and images; files are its configuration."""
    script = INSTALL.format(
        packages="nginx docker-registry openssl git fcgiwrap",
        then="systemctl disable --quiet docker-registry.service ssh.service\n"
        "systemctl enable --quiet registry@mirror registry@stale registry@pushes hanging.socket "
        "fcgiwrap.socket certificate nginx",
    )
    return derive(host(DEBIAN["debian12"]), "services", files, NAME_ARCHIVE + script)


def root_image(distro: Distro) -> str:
    """The image made of a root file system from the distribution's archive."""
    customize = FILES / "customize.sh"
    recipe = digest(distro.suite, distro.mirror, PACKAGES, customize.read_text(), BOOT)
    tag = f"rackwright-lab/{distro.name}:{recipe}"
    with locked(tag):
        if exists(tag):
            return tag
        tar = CACHE / "roots" / f"{distro.name}-{recipe}.tar"
        if not tar.exists():
            with stage(f"root file system {distro.title}"):
                bootstrap(distro, customize, tar)
        docker("import", f"--change={BOOT}", tar, tag)
    return tag


def bootstrap(distro: Distro, customize: Path, tar: Path) -> None:
    """Make a root file system as a tar file, from the distribution's archive, with mmdebstrap."""
    tar.parent.mkdir(parents=True, exist_ok=True)
    unfinished = tar.with_suffix(".unfinished.tar")
    options = ["--variant=minbase", f"--include={PACKAGES}", f"--customize-hook={customize}"]
    source = []
    if distro.mirror:
        options.append("--components=main,universe")
        source.append(distro.mirror)
        if UBUNTU_KEYRING.exists():
            options.append(f"--keyring={UBUNTU_KEYRING}")
    run("mmdebstrap", *options, distro.suite, unfinished, *source)
    unfinished.rename(tar)


def small_root(distro: Distro) -> Path:
    """A root file system with apt and little else, as a tar file: a base for builds."""
    tar = CACHE / "roots" / f"{distro.name}-small-{digest(distro.suite, *SMALL)}.tar"
    with locked(tar.name):
        if not tar.exists():
            tar.parent.mkdir(parents=True, exist_ok=True)
            unfinished = tar.with_suffix(".unfinished.tar")
            with stage(f"small root file system {distro.title}"):
                run("mmdebstrap", *SMALL, distro.suite, unfinished)
            unfinished.rename(tar)
    return tar


def derive(base: str, name: str, files: dict[str, File], script: str = "") -> str:
    """An image made of another one by adding files and then running a shell script in it.

    Raises LabError with the end of the script's output if it fails.
    """
    layer = archive(files)
    tag = f"rackwright-lab/{name}:{digest(base, layer, script)}"
    with locked(tag):
        if exists(tag):
            return tag
        with stage(f"image {name}"):
            container = f"rackwright-{lab_id()}-build-{name}-{os.getpid()}"
            docker(
                *("create", "--name", container, f"--label={LABEL}={lab_id()}"),
                *("--network", network.NAME, base, "sh", "-c", script),
            )
            try:
                docker("cp", "--archive", "-", f"{container}:/", stdin=layer)
                if script:
                    docker("start", "--attach", container)
                docker("commit", f"--change={BOOT}", container, tag)
            finally:
                docker("rm", "--force", "--volumes", container)
    return tag


def download(distro: Distro, packages: tuple[str, ...]) -> Path:
    """A cached folder with the named packages of the distribution's archive as .deb files."""
    folder = CACHE / "debs" / f"{distro.suite}-{digest(*packages)}"
    with locked(folder.name):
        if folder.exists():
            return folder
        image = host(distro)
        with stage(f"packages of {distro.title} downloaded"):
            unfinished = folder.with_suffix(".unfinished")
            run("rm", "-rf", unfinished)
            unfinished.mkdir(parents=True)
            # As root, because apt's sandbox user may not write to the mounted folder.
            script = (
                "cd /debs && apt-get update --quiet && "
                f"apt-get download -o APT::Sandbox::User=root {' '.join(packages)}"
            )
            docker(
                *("run", "--rm", f"--label={LABEL}={lab_id()}", "--network", network.NAME),
                *(f"--volume={unfinished}:/debs", image, "sh", "-c", script),
            )
            unfinished.rename(folder)
    return folder


def exists(tag: str) -> bool:
    """Whether the engine has that image."""
    return bool(docker("images", "--quiet", tag).strip())
