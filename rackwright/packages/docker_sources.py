"""What on a host means Docker's repository: its sources, in any form, and keys that apt trusts."""

import re
from collections.abc import Mapping, Sequence

from rackwright.distro import DOCKER_DISTROS
from rackwright.look.observed import Observed
from rackwright.marks import DOCKER_LISTS
from rackwright.packages import repositories
from rackwright.packages.apt_sources import Definition, Goes
from rackwright.packages.repositories import Repository
from rackwright.settings import Settings
from rackwright.settings.packages import DOCKER_KEY_FINGERPRINT

OWNER = "Docker's"
SOURCE = "/etc/apt/sources.list.d/docker.sources"
KEYRING = "/etc/apt/keyrings/docker.asc"
DOCKER_CHANNELS = frozenset({"stable", "test", "edge", "nightly"})
# Where Docker has its packages, and where it had them until 2017.
DOCKER_HOSTS = frozenset({"download.docker.com", "apt.dockerproject.org"})
_KEYS = frozenset({DOCKER_KEY_FINGERPRINT})


def find(sources: Mapping[str, str], settings: Settings) -> dict[str, list[Definition]]:
    """The definitions of Docker's repository, disabled ones too, by the path of their file."""
    return repositories.find(sources, _goes(settings))


def left_of(path: str, text: str, settings: Settings) -> str | None:
    """A source file's text without Docker's repository; None when nobody would miss the file."""
    return repositories.left_of(path, text, _goes(settings), SOURCE, OWNER)


def keyrings(
    trusted: Mapping[str, frozenset[str]], settings: Settings
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keyrings that apt trusts for every repository, and that Docker's does not need.

    Those with Docker's own key alone, which nobody else needs either, and those that may serve
    others: they hold more, or a key that the settings name.
    """
    alone = repositories.keyrings(trusted, _KEYS)
    signing = _KEYS | {settings.docker_key_fingerprint}
    shared = (path for path, found in trusted.items() if found & signing and path not in alone)
    return alone, tuple(shared)


def docker_repository(settings: Settings, observed: Observed) -> Repository:
    """Docker's repository for a host."""
    url = f"{settings.docker_repo_url}/{observed.distro}"
    return Repository(
        owner=OWNER,
        source=SOURCE,
        keyring=KEYRING,
        uri=url,
        suite=observed.codename,
        component=settings.docker_channel,
        architecture=observed.architecture,
        key_url=f"{url}/gpg",
        fingerprint=settings.docker_key_fingerprint,
        keys=_KEYS,
        means=_goes(settings),
        key_setting="docker_key_fingerprint",
        mirror_setting="docker_repo_url",
    )


def docker_uri(settings: Settings, distro: str) -> str:
    """Where apt gets Docker's packages from: there, or from a list with the fleet's cache first."""
    if settings.cache and distro in DOCKER_LISTS:
        return f"mirror+file:{DOCKER_LISTS[distro]}"
    return f"{settings.docker_repo_url}/{distro}"


def is_docker(uri: str, components: Sequence[str], repo_url: str) -> bool:
    """Whether a source means Docker's repository, at Docker's own place or at any mirror."""
    folders = _folders(uri)
    of_a_distro = folders[-1] in DOCKER_DISTROS
    # A mirror may have much else beside Docker's.
    ours = of_a_distro and folders[:-1] == _folders(repo_url)
    if ours or not DOCKER_HOSTS.isdisjoint(folders):
        return True
    if not components or not DOCKER_CHANNELS.issuperset(components):
        return False
    # Every mirror copies the tree, .../linux/ubuntu, with Docker's channels as components; a
    # repository manager has it under one name, like docker-ce-debian.
    copied = of_a_distro and folders[-2:-1] == ["linux"]
    return copied or any("docker-ce" in folder for folder in folders[1:])


def _goes(settings: Settings) -> Goes:
    return lambda uri, components: is_docker(uri, components, settings.docker_repo_url)


def _folders(uri: str) -> list[str]:
    # Not urlsplit(): it raises on what an admin may have written.
    host, *folders = [folder for folder in uri.partition(":")[2].split("/") if folder] or [""]
    return [re.sub(r"^.*@|:(80|443)$", "", host.lower()), *folders]
