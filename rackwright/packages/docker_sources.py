"""What on a host means Docker's repository: its sources, in any form, and keys that apt trusts."""

import re
from collections.abc import Mapping, Sequence

from rackwright.distro import DOCKER_DISTROS
from rackwright.packages.apt_sources import Definition, Goes, definitions, reads, without
from rackwright.settings import Settings
from rackwright.settings.packages import DOCKER_KEY_FINGERPRINT

SOURCE = "/etc/apt/sources.list.d/docker.sources"
DOCKER_CHANNELS = frozenset({"stable", "test", "edge", "nightly"})
# Where Docker has its packages, and where it had them until 2017.
DOCKER_HOSTS = frozenset({"download.docker.com", "apt.dockerproject.org"})
# The first line of templates/docker.sources.j2.
_HEADER = "# Docker's package repository, written by Rackwright.\n"


def find(sources: Mapping[str, str], settings: Settings) -> dict[str, list[Definition]]:
    """The definitions of Docker's repository, disabled ones too, by the path of their file."""

    def means_docker(each: Definition) -> bool:
        return any(_goes(settings)(uri, each.get("components", ())) for uri in each["uris"])

    found = {
        path: [each for each in definitions(path, text) if means_docker(each)]
        for path, text in sources.items()
        if reads(path)
    }
    return {path: docker for path, docker in found.items() if docker}


def left_of(path: str, text: str, settings: Settings) -> str | None:
    """A source file's text without Docker's repository; None when nobody would miss the file."""
    left = without(path, text, _goes(settings))
    if path == SOURCE:
        left = left.replace(_HEADER, "")
    # A source that was turned off with a # is still somebody's, and the distribution's own file
    # stays, whatever is left of it.
    turned_on = re.sub(r"(?m)^#+[ \t]*", "", left)
    missed = definitions(path, without(path, turned_on, _goes(settings)))
    return left if missed or path == "/etc/apt/sources.list" else None


def keyrings(
    trusted: Mapping[str, frozenset[str]], settings: Settings
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keyrings that apt trusts for every repository: with Docker's key alone, and beside others.

    `trusted` has the fingerprints in each by its path.
    """
    docker = {settings.docker_key_fingerprint, DOCKER_KEY_FINGERPRINT}
    with_it = [path for path, keys in trusted.items() if keys & docker]
    alone = tuple(path for path in with_it if trusted[path] <= docker)
    return alone, tuple(path for path in with_it if path not in alone)


def is_docker(uri: str, components: Sequence[str], repo_url: str) -> bool:
    """Whether a source means Docker's repository, at Docker's own place or at any mirror."""
    folders = _folders(uri)
    if folders[:-1] == _folders(repo_url) or not DOCKER_HOSTS.isdisjoint(folders):
        return True
    if not components or not DOCKER_CHANNELS.issuperset(components):
        return False
    # Every mirror copies the tree, .../linux/ubuntu, with Docker's channels as components; a
    # repository manager has it under one name, like docker-ce-debian.
    copied = folders[-2:-1] == ["linux"] and folders[-1] in DOCKER_DISTROS
    return copied or any("docker-ce" in folder for folder in folders[1:])


def _goes(settings: Settings) -> Goes:
    return lambda uri, components: is_docker(uri, components, settings.docker_repo_url)


def _folders(uri: str) -> list[str]:
    # Not urlsplit(): it raises on what an admin may have written.
    host, *folders = [folder for folder in uri.partition("//")[2].split("/") if folder] or [""]
    return [re.sub(r"^.*@|:(80|443)$", "", host.lower()), *folders]
