"""What runs in Docker on a host, as workload.sh saw it."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class FoundContainer:
    """A container. `state` and `health` are Docker's words, `health` "" where nobody checks.

    `ours` says whether Rackwright made it under its name; then `spec` is its fingerprint, `secrets`
    what is kept of its secrets, and `moved` whether its image's name means another image now.
    """

    name: str
    state: str = "running"
    health: str = ""
    mounts: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    ours: bool = False
    spec: str = ""
    secrets: str = ""
    moved: bool = False
    project: str = ""
    file: str = ""

    @property
    def running(self) -> bool:
        """Whether its processes are there."""
        return self.state in ("running", "paused", "restarting")


@dataclass(frozen=True)
class FoundNetwork:
    """A network; `subnets` are those that it has, asked for or not."""

    name: str
    driver: str = "bridge"
    internal: bool = False
    subnets: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundVolume:
    """A volume that has a name."""

    name: str
    driver: str = "local"
    options: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundProject:
    """A compose project of ours: what was applied, the hash of its file, who has to run."""

    applied: str = ""
    file: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Workload:
    """Everything by its name; nothing but projects where Docker did not answer."""

    answers: bool = False
    containers: Mapping[str, FoundContainer] = field(default_factory=dict)
    networks: Mapping[str, FoundNetwork] = field(default_factory=dict)
    volumes: Mapping[str, FoundVolume] = field(default_factory=dict)
    projects: Mapping[str, FoundProject] = field(default_factory=dict)


def parse_workload(values: Mapping[str, list[str]]) -> Workload:
    """A Workload from what workload.sh printed, by key. Raises ValueError or KeyError."""
    moved = frozenset(values.get("docker_moved", ()))
    return Workload(
        answers="docker_answers" in values,
        containers=_by_name(
            _container(each, moved) for each in _objects(values, "docker_container")
        ),
        networks=_by_name(_network(each) for each in _objects(values, "docker_network")),
        volumes=_by_name(
            FoundVolume(each["name"], each["driver"], each["options"] or {}, each["labels"] or {})
            for each in _objects(values, "docker_volume")
        ),
        projects=_projects(values),
    )


def _container(found: Mapping[str, str], moved: frozenset[str]) -> FoundContainer:
    # Links of the old kind give a container more names, CONTAINER/ALIAS.
    name = next(each for each in found["names"].split(",") if "/" not in each)
    health = re.search(r"\((?:health: )?(starting|healthy|unhealthy)\)", found["status"])
    return FoundContainer(
        name=name,
        state=found["state"],
        health=health[1] if health else "",
        mounts=frozenset(filter(None, found["mounts"].split(","))),
        networks=frozenset(filter(None, found["networks"].split(","))),
        # The new and the old one of an unfinished replacement are the container's, too.
        ours=bool(found["ours"]) and name.partition(".rackwright-")[0] == found["ours"],
        spec=found["spec"],
        secrets=found["secrets"],
        moved=name in moved,
        project=found["project"],
        file=found["file"],
    )


def _projects(values: Mapping[str, list[str]]) -> dict[str, FoundProject]:
    told = {
        key: [line.split(" ", 1) for line in values.get(f"compose_{key}", ())]
        for key in ("applied", "file", "needs")
    }
    applied, file = (dict(told[key]) for key in ("applied", "file"))
    return {
        name: FoundProject(
            applied.get(name, ""),
            file.get(name, ""),
            tuple(each for project, each in told["needs"] if project == name),
        )
        for name in values.get("compose_project", ())
    }


def _network(found: Mapping[str, Any]) -> FoundNetwork:
    return FoundNetwork(
        name=found["name"],
        driver=found["driver"],
        internal=found["internal"],
        subnets=tuple(each["Subnet"] for each in found["ipam"] or () if "Subnet" in each),
        labels=found["labels"] or {},
    )


def _objects(values: Mapping[str, list[str]], key: str) -> Iterable[Any]:
    return map(json.loads, values.get(key, ()))


def _by_name(found: Iterable[Any]) -> dict[str, Any]:
    return {each.name: each for each in found}
