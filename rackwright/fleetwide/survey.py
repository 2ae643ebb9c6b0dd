"""What a host has that could be removed, as survey.sh tells it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rackwright.docker import API_SH
from rackwright.fleetwide.sizes import human
from rackwright.host.script import command

SCRIPT = Path(__file__).with_suffix(".sh")


@dataclass(frozen=True)
class Container:
    """A container, running or not."""

    id: str
    name: str
    image: str
    status: str
    age: float

    @property
    def runs(self) -> bool:
        """Whether it holds a process, be that paused or about to be restarted."""
        return self.status in ("running", "paused", "restarting")


@dataclass(frozen=True)
class Image:
    """An image or an intermediate layer."""

    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    size: int = 0
    age: float = 0

    @property
    def references(self) -> tuple[str, ...]:
        """The names that must go so that it goes: a digest goes with the last tag beside it."""
        tagged = {tag.rpartition(":")[0] for tag in self.tags}
        alone = (each for each in self.digests if each.partition("@")[0] not in tagged)
        return (*self.tags, *alone)


@dataclass(frozen=True)
class Unused:
    """A network or a volume that no container uses."""

    name: str
    age: float


@dataclass(frozen=True)
class Survey:
    """All of it. `named` has the ID of the image that each name stands for, where there is one."""

    containers: tuple[Container, ...] = ()
    images: dict[str, Image] = field(default_factory=dict)
    top: frozenset[str] = frozenset()
    dangling: frozenset[str] = frozenset()
    networks: tuple[Unused, ...] = ()
    volumes: tuple[Unused, ...] = ()
    cache: str = ""
    named: dict[str, str] = field(default_factory=dict)


def survey_command(names: Iterable[str], cache: bool) -> str:
    """Shell code that surveys a host as root; `names` are those of images."""
    return command(SCRIPT, "cache" if cache else "", *names, after=API_SH)


def parse_survey(lines: Iterable[str], names: Sequence[str]) -> Survey:
    """What survey.sh printed, which was given these names."""
    rows = [json.loads(line) for line in lines if line.strip()]

    def of(kind: str) -> list[dict[str, Any]]:
        return [row for row in rows if row["kind"] == kind]

    now = of("now")[0]["seconds"]
    return Survey(
        containers=tuple(
            Container(
                row["id"], row["name"].lstrip("/"), row["image"], row["status"], _age(row, now)
            )
            for row in of("container")
        ),
        images={row["id"]: _image(row, now) for row in of("image")},
        top=frozenset(row["id"] for row in of("top")),
        dangling=frozenset(row["id"] for row in of("dangling")),
        networks=tuple(Unused(row["name"], _age(row, now)) for row in of("network")),
        volumes=tuple(Unused(row["name"], _age(row, now)) for row in of("volume")),
        cache=human(sum(map(_reclaimable, of("cache")))),
        named={names[row["number"]]: row["id"] for row in of("named")},
    )


def _image(row: dict[str, Any], now: float) -> Image:
    tags, digests = tuple(row["tags"] or ()), tuple(row["digests"] or ())
    return Image(row["id"], tags, digests, row["size"], _age(row, now))


def _reclaimable(answer: dict[str, Any]) -> int:
    # As `docker system df` counts: without what is in use, or belongs to an image as well.
    parts = answer["found"].get("BuildCache") or ()
    return sum(part["Size"] for part in parts if not (part["InUse"] or part["Shared"]))


def _age(row: dict[str, Any], now: float) -> float:
    # Docker writes RFC 3339; an image of a reproducible build may be of the year 1.
    return now - datetime.fromisoformat(row["created"]).timestamp() if row["created"] else now
