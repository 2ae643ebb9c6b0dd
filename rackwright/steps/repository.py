"""Docker's apt repository: one key, one definition of it, and no other."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rackwright.change import Change
from rackwright.look.observed import Observed
from rackwright.marks import BACKUPS
from rackwright.packages.apt_sources import Definition
from rackwright.packages.docker_sources import SOURCE, find, keyrings, left_of
from rackwright.settings import Settings

KEYRING = "/etc/apt/keyrings/docker.asc"


@dataclass(frozen=True)
class RepositoryStep:
    """The definition to write, and what becomes of other files that define the repository.

    `source` holds the variables of templates/docker.sources.j2, `rest` what else stands in that
    file. `others` maps the path of a file to the text that is left of it, None when nothing is
    left. `distrusted` are keyrings to take away, which apt trusts for every repository.
    """

    key_url: str
    fingerprint: str
    source: Mapping[str, str]
    rest: str
    others: Mapping[str, str | None]
    distrusted: tuple[str, ...]
    replaced_files: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def advice(self) -> str:
        """What to do when the host's apt cannot use the repository."""
        uri, suite, component = (self.source[key] for key in ("uri", "suite", "component"))
        return unusable(uri, suite, component, "apt's reason stands above")


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
    found = find(observed.apt_sources, settings)
    ours = found.pop(SOURCE, [])
    others = {path: left_of(path, observed.apt_sources[path], settings) for path in found}
    distrusted, _ = keyrings(observed.trusted_keyrings, settings)
    key = frozenset({settings.docker_key_fingerprint})
    changes = []
    if observed.keyring != key:
        changes.append(_key_change(settings, observed))
    if ours != [_as_apt_reads(source)]:
        changes.append(_source_change(ours, url))
    changes += [_other_change(path, found[path], left) for path, left in others.items()]
    changes += [_trust_change(path) for path in distrusted]
    if not changes:
        return None
    return RepositoryStep(
        key_url=f"{url}/gpg",
        fingerprint=settings.docker_key_fingerprint,
        source=source,
        rest=(left_of(SOURCE, observed.apt_sources.get(SOURCE, ""), settings) or "").lstrip("\r\n"),
        others=others,
        distrusted=distrusted,
        replaced_files=(
            *([] if observed.keyring in (None, key) else [KEYRING]),
            *([SOURCE] if SOURCE in observed.apt_sources else []),
            *others,
            *distrusted,
        ),
        changes=tuple(changes),
    )


def unusable(uri: str, suite: str, component: str, reason: str) -> str:
    """Sentences for a host whose apt cannot use the repository, with the reason and a way out."""
    return (
        f"this host cannot use Docker's repository at {uri} ({suite} {component}); {reason}. "
        "Check that the host reaches it, or set docker_repo_url to a mirror"
    )


def repository_notes(settings: Settings, observed: Observed) -> tuple[str, ...]:
    """What is left as it is, for the admin to know."""
    _, mixed = keyrings(observed.trusted_keyrings, settings)
    return tuple(
        f"{path} holds Docker's key beside others, and apt trusts it for every repository; "
        "Docker's does not need it there: take it out of the file"
        for path in mixed
    )


def _as_apt_reads(source: Mapping[str, str]) -> Definition:
    return {
        "types": ["deb"],
        "uris": [source["uri"]],
        "suites": [source["suite"]],
        "components": [source["component"]],
        "architectures": [source["architecture"]],
        "signed-by": [source["keyring"]],
    }


def _source_change(ours: Sequence[Definition], url: str) -> Change:
    before = _uris(ours) or "absent"
    if before == url:
        before = "has other fields than wanted"
    return Change("repository", SOURCE, before, url, "apt gets Docker's packages from there")


def _key_change(settings: Settings, observed: Observed) -> Change:
    before = "absent"
    if observed.keyring is not None:
        before = ", ".join(sorted(observed.keyring)) or "no OpenPGP key"
    return Change(
        "repository", KEYRING, before, settings.docker_key_fingerprint, "it signs Docker's packages"
    )


def _other_change(path: str, going: Sequence[Definition], left: str | None) -> Change:
    return Change(
        "repository",
        path,
        f"defines Docker's repository too ({_uris(going)})",
        "removed" if left is None else "without it",
        "two definitions make apt fail (Conflicting values set for option Signed-By); "
        f"the old file is kept in {BACKUPS}",
    )


def _uris(found: Sequence[Definition]) -> str:
    uris = dict.fromkeys(uri for each in found for uri in each["uris"])
    return re.sub("//[^/, ]*@", "//***@", ", ".join(uris))  # a mirror's password is not for logs


def _trust_change(path: str) -> Change:
    return Change(
        "repository",
        path,
        "lets Docker's key sign for every repository",
        "removed",
        f"only {SOURCE} needs the key; the old file is kept in {BACKUPS}",
    )
