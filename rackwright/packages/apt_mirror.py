"""A host's sources with a mirror of the distribution's archive in them, and without. Pure."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePosixPath

from rackwright.look.sources_seen import Release, Tried
from rackwright.packages.apt_sources import Definition, definitions, only, with_uris
from rackwright.packages.distro_sources import IsOwn, is_security


@dataclass(frozen=True)
class Mirrors:
    """Where the archive and its security updates are to come from; None: as without us."""

    main: str | None
    security: str | None

    def of(self, definition: Definition) -> str | None:
        """The one for a definition of the distribution's own."""
        return self.security if is_security(definition) else self.main

    @property
    def uris(self) -> frozenset[str]:
        """Both."""
        return frozenset(uri for uri in (self.main, self.security) if uri)


@dataclass(frozen=True)
class Archive:
    """The distribution's own sources of one host, of which `ours` are mirrors put in before.

    `kept` are files as they were before; of those that are `unedited` since, a new text is made
    from that. The files `theirs` had such a mirror without us. `own_without_us` knows no
    mirrors but those that surely are the distribution's.
    """

    own: IsOwn
    own_without_us: IsOwn
    ours: frozenset[str]
    theirs: Collection[str]
    texts: Mapping[str, str]
    kept: Mapping[str, str]
    unedited: Collection[str]

    def turned(self, mirrors: Mirrors) -> dict[str, str]:
        """The text of every source file with these mirrors; foreign definitions byte for byte."""

        def text(path: str) -> str:
            base = self.kept if path in self.unedited else self.texts
            return with_uris(path, base[path], lambda each, uri: turn(path, each, uri))

        def turn(path: str, definition: Definition, uri: str) -> str:
            without_us = path in self.unedited or path in self.theirs
            own = self.own_without_us if without_us else self.own
            if not own(path, definition, uri):
                return uri
            wanted = mirrors.of(definition)
            if wanted:
                return uri if uri.rstrip("/") == wanted else wanted
            turns_back = not without_us and uri.rstrip("/") in self.ours
            return (turns_back and self._before(path, definition)) or uri

        return {path: text(path) for path in self.texts}

    def uris(self, path: str, text: str) -> list[str]:
        """Those of the distribution's archive in a source file."""
        return [uri for each in definitions(path, text) for uri in self.own_uris(path, each)]

    def own_uris(self, path: str, definition: Definition) -> list[str]:
        """Those of a definition, as they stand there but for a final /."""
        uris = definition["uris"]
        return [uri.rstrip("/") for uri in uris if self.own(path, definition, uri)]

    def _before(self, path: str, definition: Definition) -> str:
        # What was kept may be another file, of another form: `apt modernize-sources` moves them.
        found = [
            (
                not set(definition["suites"]).isdisjoint(each["suites"]),
                definition.get("types") == each.get("types"),
                definition.get("components") == each.get("components"),
                path == kept,
                [uri for uri in each["uris"] if self.own(kept, each, uri)],
            )
            for kept, text in self.kept.items()
            for each in definitions(kept, text)
            if self.own_uris(kept, each) and is_security(each) == is_security(definition)
        ]
        return " ".join(max(found, key=lambda like: like[:-1])[-1]) if found else ""


def from_mirrors(found: Archive, texts: Mapping[str, str], mirrors: Mirrors) -> dict[str, str]:
    """Of these texts what comes from the mirrors, each under a name that apt reads."""

    def comes(path: str, definition: Definition) -> bool:
        wanted = mirrors.of(definition)
        return wanted is not None and wanted in found.own_uris(path, definition)

    return _parts(texts, comes)


def as_it_is(found: Archive) -> dict[str, str]:
    """All of the distribution's own sources as they are, each under a name that apt reads."""
    return _parts(found.texts, lambda path, each: bool(found.own_uris(path, each)))


def _parts(texts: Mapping[str, str], keeps: Callable[[str, Definition], bool]) -> dict[str, str]:
    parts = {
        f"{number}{PurePosixPath(path).suffix}": only(path, text, partial(keeps, path))
        for number, (path, text) in enumerate(texts.items())
    }
    return {name: text for name, text in parts.items() if text.strip()}


def wrong(tried: Tried, in_use: tuple[Release, ...], max_lag: int) -> str:
    """Why a mirror must not take the place of what is in use, half a sentence; "" when it may."""
    if tried.error:
        return f"it cannot be used from this host: {tried.error}"
    newest: dict[tuple[str, str], datetime] = {}
    for each in in_use:
        key = (each.suite, each.origin)
        newest[key] = max(each.date, newest.get(key, each.date))
    for release in tried.releases:
        newer = newest.get((release.suite, release.origin), release.date)
        if newer - release.date > timedelta(hours=max_lag):
            return (
                f"it is older than what is in use: its Release of {release.suite} is of "
                f"{release.date:%Y-%m-%d %H:%M} UTC, the one in use of {newer:%Y-%m-%d %H:%M} UTC "
                f"(apt_mirror_max_lag is {max_lag} hours)"
            )
    return ""
