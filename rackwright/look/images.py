"""The images of a host, as it tells of them: the typed answer of image_probe.sh."""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from rackwright.settings.references import repository


@dataclass(frozen=True)
class Image:
    """An image on a host. `parent` is the image that it was built on, step by step, or "".

    `since` is when it was built or got a tag on this host, the later of the two, in seconds.
    """

    id: str
    tags: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()
    parent: str = ""
    size: int = 0
    since: float = 0
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def names(self) -> frozenset[str]:
        """Everything that it can be called besides its ID."""
        return self.tags | self.digests

    @property
    def short(self) -> str:
        """Its ID, as Docker shortens it."""
        return self.id.removeprefix("sha256:")[:12]

    def without(self, names: Iterable[str]) -> "Image":
        """It without these names; the last tag of a repository takes its digests along."""
        gone = self.tags & set(names)
        tags = self.tags - gone
        emptied = {repository(tag) for tag in gone} - {repository(tag) for tag in tags}
        digests = {each for each in self.digests if repository(each) not in emptied}
        return replace(self, tags=tags, digests=frozenset(digests.difference(names)))


@dataclass(frozen=True)
class User:
    """A container, and the ID of its image."""

    name: str
    image: str
    running: bool


@dataclass(frozen=True)
class CacheRecord:
    """A part of the build cache; `parents` are the records that it stands on."""

    id: str
    parents: frozenset[str]
    size: int
    in_use: bool
    last_used: float


@dataclass(frozen=True)
class Images:
    """What a host has. `now` is its clock.

    Without a reason to look at all of them, `found` has only those with a name of the settings, and
    `containers` is empty. `upstream` has, by tag, the digest that its registry has at this moment;
    `silent`, by tag, why that is not known.
    """

    now: float
    found: Sequence[Image] = ()
    containers: Sequence[User] = ()
    upstream: Mapping[str, str] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)
    cache: tuple[CacheRecord, ...] = ()

    def named(self, name: str) -> Image | None:
        """The image of that name or ID."""
        return next((each for each in self.found if name in each.names or name == each.id), None)


def parse_images(values: Mapping[str, list[str]]) -> Images | None:
    """The images in an answer of the probe, by key; None where none was asked.

    Raises ValueError when the answer cannot be read.
    """
    if "images_asked" not in values:
        return None
    if "images_now" not in values:
        raise ValueError("Docker does not tell its images; see `systemctl status docker` there")
    (found,) = values["images_found"]
    answers = (line.partition(" ") for line in values.get("images_upstream", ()))
    upstream = {tag: _answer(base64.b64decode(answer)) for tag, _, answer in answers}
    return Images(
        now=float(values["images_now"][0]),
        found=tuple(_image(each) for each in _unpacked(found)),
        containers=tuple(_user(line) for line in values.get("images_container", ())),
        upstream={tag: said["digest"] for tag, said in upstream.items() if "digest" in said},
        silent={tag: said["message"] for tag, said in upstream.items() if "digest" not in said},
        cache=tuple(
            _record(each)
            for line in values.get("images_cache", ())
            for each in _unpacked(line)["BuildCache"] or ()
        ),
    )


def _unpacked(packed: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def _image(told: Mapping[str, Any]) -> Image:
    tagged = (told.get("Metadata") or {}).get("LastTagTime")
    return Image(
        id=told["Id"],
        tags=frozenset(told.get("RepoTags") or ()),
        digests=frozenset(told.get("RepoDigests") or ()),
        parent=told.get("Parent") or "",
        size=told.get("Size") or 0,
        since=max(_time(told.get("Created")), _time(tagged)),
        labels=(told.get("Config") or {}).get("Labels") or {},
    )


def _user(line: str) -> User:
    image, running, name = line.split(" ", 2)
    return User(name.lstrip("/"), image, running == "true")


def _record(told: Mapping[str, Any]) -> CacheRecord:
    # One Parent before Engine 23, Parents since (Docker Engine API, versions 1.41 and 1.42), and
    # that with a blank in front up to 26.1, as seen there.
    many = told.get("Parents") or told.get(" Parents") or ()
    parents = [*many, *filter(None, [told.get("Parent")])]
    return CacheRecord(
        id=told["ID"],
        parents=frozenset(parents),
        size=told.get("Size") or 0,
        in_use=bool(told.get("InUse")),
        last_used=max(_time(told.get("CreatedAt")), _time(told.get("LastUsedAt"))),
    )


def _answer(body: bytes) -> dict[str, str]:
    try:
        told = json.loads(body)
    except ValueError:
        return {"message": "the registry did not answer in 20 s"}
    digest = (told.get("Descriptor") or {}).get("digest")
    return {"digest": digest} if digest else {"message": str(told.get("message") or told)}


def _time(text: str | None) -> float:
    """Seconds since 1970; 0 for the year 1, which is how Go writes "never"."""
    if not text or text.startswith("0001-"):
        return 0
    return datetime.fromisoformat(text).timestamp()
