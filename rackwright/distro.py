"""The one module that knows distributions: which are supported, and what stands in Docker's way."""

from typing import Final

# The oldest release on which apt reads everything that we write (deb822, an armored Signed-By)
# and for which Docker still builds packages.
OLDEST_RELEASE: Final = {"debian": (11,), "ubuntu": (22, 4)}
# Folders of Docker's repository for systems with apt.
DOCKER_DISTROS: Final = frozenset({*OLDEST_RELEASE, "raspbian"})

# The distributions' own archives: the domain of the hosts that have one, the folder that every
# mirror names it by, the keyring that apt has for it, what its suites are called beside codenames.
ARCHIVE_DOMAIN: Final = {"debian": "debian.org", "ubuntu": "ubuntu.com"}
ARCHIVE_FOLDERS: Final = {
    "debian": frozenset({"debian", "debian-security"}),
    "ubuntu": frozenset({"ubuntu", "ubuntu-ports"}),
}
ARCHIVE_COMPONENTS: Final = {
    "debian": frozenset({"main", "contrib", "non-free", "non-free-firmware"}),
    "ubuntu": frozenset({"main", "restricted", "universe", "multiverse"}),
}
SUITE_ALIASES: Final = {
    "debian": ("stable", "oldstable", "testing", "unstable", "sid", "experimental"),
    "ubuntu": ("devel",),
}
POCKETS: Final = (
    *("", "-updates", "-security", "/updates", "-backports", "-backports-sloppy"),
    *("-proposed", "-proposed-updates"),
)
# Ubuntu's mirrors have the security suite in the same tree; Debian's is an archive of its own.
SECURITY_BESIDE: Final = {"debian": "-security", "ubuntu": ""}

# Docker's documentation, "Uninstall old versions", for Ubuntu and for Debian. A name that a
# distribution does not have is simply never installed there. `docker` and `docker-engine` are the
# names of ten years ago; docker-cli and docker-buildx are where Debian 13 and Ubuntu keep files
# that docker-ce-cli and docker-buildx-plugin bring as well.
CONFLICTING_PACKAGES: Final = (
    "containerd",
    "docker",
    "docker-buildx",
    "docker-cli",
    "docker-compose",
    "docker-compose-v2",
    "docker-doc",
    "docker-engine",
    "docker.io",
    "podman-docker",
    "runc",
)

# Of these, a Docker Engine of the distribution, and all without which a container does not run.
ENGINES: Final = frozenset({"docker.io", "docker-engine"})
RUNTIMES: Final = frozenset({"containerd", "runc"})
# Says that a host is a node of Kubernetes, whose pods may live on the distribution's containerd.
KUBERNETES: Final = "kubelet"

# Every package of Docker's own repository for a host (docker-scan-plugin until 2023).
DOCKER_PACKAGES: Final = (
    "docker-ce",
    "docker-ce-cli",
    "docker-ce-rootless-extras",
    "containerd.io",
    "docker-buildx-plugin",
    "docker-compose-plugin",
    "docker-model-plugin",
    "docker-scan-plugin",
)
# Their files of configuration that an admin may have edited, and that a purge of them deletes.
CONFFILES: Final = ("/etc/containerd/config.toml", "/etc/default/docker")


def release_number(version_id: str) -> tuple[int, ...]:
    """VERSION_ID of os-release ("24.04", "12") as comparable numbers; () when it has none."""
    parts = version_id.split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


def unsupported(distro: str, version_id: str, codename: str) -> str | None:
    """Why this host's release cannot be provisioned, as a sentence; None when it can."""
    oldest = OLDEST_RELEASE.get(distro)
    shown = f"{distro or 'an unknown distribution'} {version_id}".strip()
    if oldest is None:
        return f"{shown} is not supported: Rackwright provisions {supported_releases()}"
    number = release_number(version_id)
    if (number and number < oldest) or not codename:
        return f"{shown} is not supported: Rackwright provisions {supported_releases()}"
    return None


def supported_releases() -> str:
    """The supported releases in words."""
    debian, ubuntu = OLDEST_RELEASE["debian"], OLDEST_RELEASE["ubuntu"]
    return f"Debian {debian[0]} or newer and Ubuntu {ubuntu[0]}.{ubuntu[1]:02} or newer"
