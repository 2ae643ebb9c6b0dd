"""Docker's apt repository: one key, one definition of it, and no other."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from pyinfra.facts.apt import AptRepo, AptSourcesFile, parse_apt_repo

from rackwright.change import Change
from rackwright.distro import OLDEST_RELEASE
from rackwright.observed import Observed
from rackwright.settings import DOCKER_REPO_URL, Settings

KEYRING = "/etc/apt/keyrings/docker.asc"
SOURCE = "/etc/apt/sources.list.d/docker.sources"
DOCKER_CHANNELS = frozenset({"stable", "test", "edge", "nightly"})


@dataclass(frozen=True)
class RepositoryStep:
    """The definition to write, and what becomes of other files that define the repository.

    `source` holds the variables of templates/docker.sources.j2. `others` maps the path of a file
    to the text that is left of it, None when nothing is left.
    """

    key_url: str
    fingerprint: str
    source: Mapping[str, str]
    others: Mapping[str, str | None]
    replaced_files: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def advice(self) -> str:
        """What to do when the host's apt cannot use the repository."""
        return (
            f"this host cannot use Docker's repository at {self.source['uri']} "
            f"({self.source['suite']} {self.source['component']}); apt's reason stands above. "
            "Check that the host reaches it, or set docker_repo_url to a mirror"
        )


def repository_step(settings: Settings, observed: Observed) -> RepositoryStep | None:
    """What to write and take away; None when the host has the wanted definition and no other."""
    url = f"{settings.docker_repo_url}/{observed.distro}"
    source = {
        "uri": url,
        "suite": observed.codename,
        "component": settings.docker_channel,
        "architecture": observed.architecture,
        "keyring": KEYRING,
    }
    changes = []
    if observed.keyring != {settings.docker_key_fingerprint}:
        changes.append(_key_change(settings, observed))
    definition = _definitions(SOURCE, observed.apt_sources.get(SOURCE, ""))
    if definition != [_as_apt_reads(source)]:
        before = ", ".join(repo.url for repo in definition) or "absent"
        changes.append(
            Change("repository", SOURCE, before, url, "apt gets Docker's packages from there")
        )
    others = {
        path: _without_docker(path, text, settings.docker_repo_url)
        for path, text in observed.apt_sources.items()
        if path != SOURCE and _docker_lines(path, text, settings.docker_repo_url)
    }
    changes += [_other_change(path, left) for path, left in others.items()]
    if not changes:
        return None
    return RepositoryStep(
        key_url=f"{url}/gpg",
        fingerprint=settings.docker_key_fingerprint,
        source=source,
        others=others,
        replaced_files=(
            *([KEYRING] if observed.keyring - {settings.docker_key_fingerprint} else []),
            *([SOURCE] if SOURCE in observed.apt_sources else []),
            *others,
        ),
        changes=tuple(changes),
    )


def is_docker(repo: AptRepo, repo_url: str) -> bool:
    """Whether a definition means Docker's repository, at Docker's own place or at any mirror."""
    url = repo.url.rstrip("/")
    if url.rpartition("/")[0] in (repo_url, DOCKER_REPO_URL):
        return True
    if urlsplit(url).hostname == "download.docker.com":
        return True
    # Every mirror copies the tree: .../linux/ubuntu, with Docker's channels as components.
    folders = PurePosixPath(urlsplit(url).path).parts[-2:]
    channels = bool(repo.components) and DOCKER_CHANNELS.issuperset(repo.components)
    return channels and folders[:1] == ("linux",) and folders[-1] in OLDEST_RELEASE


def _as_apt_reads(source: Mapping[str, str]) -> AptRepo:
    options: dict[str, str | list[str]] = {
        "arch": source["architecture"],
        "signed-by": source["keyring"],
    }
    return AptRepo("deb", source["uri"], source["suite"], [source["component"]], options)


def _definitions(path: str, text: str) -> list[AptRepo]:
    lines = text.splitlines()
    if path.endswith(".sources"):
        return AptSourcesFile.parse_sources_file(lines)
    return [repo for line in lines if (repo := parse_apt_repo(line.strip())) is not None]


def _docker_lines(path: str, text: str, repo_url: str) -> bool:
    return any(is_docker(repo, repo_url) for repo in _definitions(path, text))


def _without_docker(path: str, text: str, repo_url: str) -> str | None:
    # Stanzas end at a blank line, definitions of the old form at the end of a line.
    parts = re.split(r"(\n[ \t]*\n|$)" if path.endswith(".sources") else r"(\n)", text)
    pairs = zip(parts[::2], [*parts[1::2], ""], strict=False)
    left = "".join(
        part + separator for part, separator in pairs if not _docker_lines(path, part, repo_url)
    )
    # The distribution's own file stays, whatever is left of it.
    return left if _definitions(path, left) or path == "/etc/apt/sources.list" else None


def _key_change(settings: Settings, observed: Observed) -> Change:
    before = ", ".join(sorted(observed.keyring)) or "absent"
    return Change(
        "repository", KEYRING, before, settings.docker_key_fingerprint, "it signs Docker's packages"
    )


def _other_change(path: str, left: str | None) -> Change:
    return Change(
        "repository",
        path,
        "defines Docker's repository too",
        "removed" if left is None else "without it",
        "two definitions make apt fail (Conflicting values set for option Signed-By); "
        "the old file is kept in /var/backups/rackwright",
    )
