"""An apt repository that a host is to get from one definition alone: where that is, what it means.

docker_sources and nvidia_sources say which repositories there are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rackwright.packages.apt_sources import Definition, Goes, definitions, reads, without


@dataclass(frozen=True)
class Repository:
    """A repository of `owner` ("Docker's"). A flat one has the suite "/" and no component.

    `means` recognises it in any definition, at a mirror too. `keys` are the fingerprints of its
    owner's own keys: one from the settings may sign other repositories of a company, too. The two
    settings are named where something is wrong with key or place.
    """

    owner: str
    source: str
    keyring: str
    uri: str
    suite: str
    component: str
    architecture: str
    key_url: str
    fingerprint: str
    keys: frozenset[str]
    means: Goes = field(compare=False)
    key_setting: str
    mirror_setting: str

    @property
    def text(self) -> str:
        """The definition, in the deb822 style of sources.list(5)."""
        components = f"Components: {self.component}\n" if self.component else ""
        return (
            f"Types: deb\nURIs: {self.uri}\nSuites: {self.suite}\n{components}"
            f"Architectures: {self.architecture}\nSigned-By: {self.keyring}\n"
        )


def header(owner: str) -> str:
    """The first line of the file that Rackwright writes."""
    return f"# {owner} package repository, written by Rackwright.\n"


def find(sources: Mapping[str, str], means: Goes) -> dict[str, list[Definition]]:
    """The definitions of a repository, disabled ones too, by the path of their file."""

    def is_it(each: Definition) -> bool:
        return any(means(uri, each.get("components", ())) for uri in each["uris"])

    found = {
        path: [each for each in definitions(path, text) if is_it(each)]
        for path, text in sources.items()
        if reads(path)
    }
    return {path: each for path, each in found.items() if each}


def left_of(path: str, text: str, means: Goes, ours: str, owner: str) -> str | None:
    """A source file's text without a repository; None when nobody would miss the file.

    `ours` is the path of the file that Rackwright writes.
    """
    left = without(path, text, means)
    if path == ours:
        left = left.replace(header(owner), "")
    # A source that was turned off with a # is still somebody's, and the distribution's own file
    # stays, whatever is left of it.
    turned_on = re.sub(r"(?m)^#+[ \t]*", "", left)
    missed = definitions(path, without(path, turned_on, means))
    return left if missed or path == "/etc/apt/sources.list" else None


def keyrings(trusted: Mapping[str, frozenset[str]], keys: frozenset[str]) -> tuple[str, ...]:
    """Keyrings that apt trusts for every repository and that hold these keys alone.

    `trusted` has the fingerprints in each by its path.
    """
    return tuple(path for path, found in trusted.items() if found and found <= keys)
