"""Apt repositories of others: one key, one definition, and no other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rackwright.change import Change
from rackwright.look.observed import Observed
from rackwright.marks import BACKUPS
from rackwright.packages.apt_sources import Definition, shown
from rackwright.packages.docker_sources import docker_repository, docker_uri, keyrings
from rackwright.packages.repositories import Repository, find, header, left_of
from rackwright.packages.repositories import keyrings as trusting
from rackwright.settings import Settings


@dataclass(frozen=True)
class RepositoryStep:
    """The definition to write, and what becomes of other files that define the repository.

    `rest` is what else stands in its file. `others` maps the path of a file to the text that is
    left of it, None when nothing is left. `distrusted` are keyrings to take away, which apt trusts
    for every repository.
    """

    wanted: Repository
    rest: str
    others: Mapping[str, str | None]
    distrusted: tuple[str, ...]
    replaced_files: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def definition(self) -> str:
        """The text of the definition, as it is tried out."""
        return header(self.wanted.owner) + self.wanted.text

    @property
    def advice(self) -> str:
        """What to do when the host's apt cannot use the repository."""
        return unusable(self.wanted, "apt's reason stands above")

    def after(self, sources: Mapping[str, str]) -> dict[str, str]:
        """The texts of source files when the step is done."""
        left = {path: self.others.get(path, text) for path, text in sources.items()}
        rest = f"\n\n{self.rest}" if self.rest else ""
        left[self.wanted.source] = self.definition + rest
        return {path: text for path, text in left.items() if text is not None}


def repository_step(settings: Settings, observed: Observed) -> RepositoryStep | None:
    """What to write and take away; None when the host has Docker's repository and no other."""
    docker = docker_repository(settings, observed)
    # What is asked before there is a plan goes there itself: the list is not on a bare host yet.
    docker = replace(docker, uri=docker_uri(settings, observed.distro))
    return one_definition(docker, observed, observed.apt_sources, observed.keyring)


def one_definition(
    wanted: Repository,
    observed: Observed,
    sources: Mapping[str, str],
    keyring: frozenset[str] | None,
) -> RepositoryStep | None:
    """What to write and take away; None when the host has the wanted definition and no other.

    `sources` are the texts of source files by path, `keyring` the keys that are in its place.
    """
    found = find(sources, wanted.means)
    ours = found.pop(wanted.source, [])
    others = {path: _left(wanted, path, sources[path]) for path in found}
    distrusted = trusting(observed.trusted_keyrings, wanted.keys)
    key = frozenset({wanted.fingerprint})
    changes = []
    if keyring != key:
        changes.append(_key_change(wanted, keyring))
    if ours != [_as_apt_reads(wanted)]:
        changes.append(_source_change(wanted, ours))
    changes += [_other_change(wanted, path, found[path], left) for path, left in others.items()]
    changes += [_trust_change(wanted, path) for path in distrusted]
    if not changes:
        return None
    return RepositoryStep(
        wanted=wanted,
        rest=(_left(wanted, wanted.source, sources.get(wanted.source, "")) or "").lstrip("\r\n"),
        others=others,
        distrusted=distrusted,
        replaced_files=(
            *([] if keyring in (None, key) else [wanted.keyring]),
            *([wanted.source] if wanted.source in sources else []),
            *others,
            *distrusted,
        ),
        changes=tuple(changes),
    )


def unusable(wanted: Repository, reason: str) -> str:
    """Sentences for a host whose apt cannot use the repository, with the reason and a way out."""
    where = f" ({wanted.suite} {wanted.component})" if wanted.component else ""
    return (
        f"this host cannot use {wanted.owner} repository at {wanted.uri}{where}; {reason}. "
        f"Check that the host reaches it, or set {wanted.mirror_setting} to a mirror"
    )


def repository_notes(settings: Settings, observed: Observed) -> tuple[str, ...]:
    """What is left as it is, for the admin to know."""
    _, shared = keyrings(observed.trusted_keyrings, settings)
    return tuple(
        f"{path} holds the key that signs Docker's packages, and apt trusts it for every "
        "repository; Docker's does not need it there: take it out, unless others do"
        for path in shared
    )


def _left(wanted: Repository, path: str, text: str) -> str | None:
    return left_of(path, text, wanted.means, wanted.source, wanted.owner)


def _as_apt_reads(wanted: Repository) -> Definition:
    component = {"components": [wanted.component]} if wanted.component else {}
    return {
        "types": ["deb"],
        "uris": [wanted.uri],
        "suites": [wanted.suite],
        **component,
        "architectures": [wanted.architecture],
        "signed-by": [wanted.keyring],
    }


def _source_change(wanted: Repository, ours: Sequence[Definition]) -> Change:
    before = _uris(ours) or "absent"
    if before == wanted.uri:
        before = "has other fields than wanted"
    reason = f"apt gets {wanted.owner} packages from there"
    return Change("repository", wanted.source, before, wanted.uri, reason)


def _key_change(wanted: Repository, keyring: frozenset[str] | None) -> Change:
    before = "absent"
    if keyring is not None:
        before = ", ".join(sorted(keyring)) or "no OpenPGP key"
    reason = f"it signs {wanted.owner} packages"
    return Change("repository", wanted.keyring, before, wanted.fingerprint, reason)


def _other_change(
    wanted: Repository, path: str, going: Sequence[Definition], left: str | None
) -> Change:
    return Change(
        "repository",
        path,
        f"defines {wanted.owner} repository too ({_uris(going)})",
        "removed" if left is None else "without it",
        "two definitions make apt fail (Conflicting values set for option Signed-By); "
        f"the old file is kept in {BACKUPS}",
    )


def _uris(found: Sequence[Definition]) -> str:
    return shown([uri for each in found for uri in each["uris"]])


def _trust_change(wanted: Repository, path: str) -> Change:
    return Change(
        "repository",
        path,
        f"lets {wanted.owner} key sign for every repository",
        "removed",
        f"only {wanted.source} needs the key; the old file is kept in {BACKUPS}",
    )
