"""Where a host's packages come from, as it is: the part of the observation that tells."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

# Keys of the probe's answer whose value is a path and the content of that file.
FILES = ("apt_mirror_json", "distro_source", "kept", "pip_conf", "pip_json")


@dataclass(frozen=True)
class Release:
    """A Release file that apt has verified. In `suite`, a / is a _."""

    suite: str
    origin: str
    date: datetime


@dataclass(frozen=True)
class Tried:
    """How the host's apt found a mirror: why it cannot be used, or "", and its Release files."""

    error: str = ""
    releases: tuple[Release, ...] = ()


@dataclass(frozen=True)
class Trial:
    """Mirrors tried out from the host, None where there was none to try; what was in use then."""

    main: Tried | None = None
    security: Tried | None = None
    in_use: tuple[Release, ...] = ()


@dataclass(frozen=True)
class SourcesSeen:
    """Files by path; empty or None on hosts whose settings ask for neither apt's nor pip's.

    `apt` are all source files, `kept` what was kept for the way back by the path where it was. In
    all of them, bytes that are not UTF-8 are surrogates (PEP 383). `trial` is None until one was
    needed.
    """

    apt: Mapping[str, str] = field(default_factory=dict)
    apt_memory: str | None = None
    kept: Mapping[str, str] = field(default_factory=dict)
    pip_conf: str | None = None
    pip_memory: str | None = None
    trial: Trial | None = None


def seen(files: Mapping[str, Mapping[str, bytes]]) -> SourcesSeen:
    """SourcesSeen from the files of the probe's answer, by key and path."""
    texts = {
        key: {path: content.decode(errors="surrogateescape") for path, content in found.items()}
        for key, found in files.items()
        if key in FILES
    }

    def one(key: str) -> str | None:
        return next(iter(texts[key].values()), None)

    return SourcesSeen(
        apt=texts["distro_source"],
        apt_memory=one("apt_mirror_json"),
        kept={path.partition("/kept")[2]: text for path, text in texts["kept"].items()},
        pip_conf=one("pip_conf"),
        pip_memory=one("pip_json"),
    )


def digest(text: str) -> str:
    """What a text that we wrote is known by."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
