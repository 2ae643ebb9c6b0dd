"""Containers of a host. Secrets themselves stand in no setting: only where they come from."""

from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from rackwright.settings.docker_ports import Port, Published, published
from rackwright.settings.docker_values import (
    Duration,
    Gpus,
    HostName,
    InsidePath,
    Label,
    Line,
    Mount,
    Name,
    Restart,
    Size,
    Ulimit,
    UserAndGroup,
    Variable,
    Words,
)
from rackwright.settings.references import Reference
from rackwright.settings.section import FORBID, Section
from rackwright.settings.values import VariableName

# getrlimit(2), by the names of docker run --ulimit.
# fmt: off
UlimitName = Literal[
    "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc",
    "rss", "rtprio", "rttime", "sigpending", "stack",
]
# fmt: on


class Secret(BaseModel):
    """A value that comes from this machine when it is needed."""

    model_config = FORBID

    env: VariableName | None = None
    command: Line | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.env is None) == (self.command is None):
            raise ValueError("name either env or command")
        return self

    @property
    def source(self) -> tuple[str, str]:
        """Where it comes from: "env" or "command", and which."""
        return ("env", self.env) if self.env is not None else ("command", self.command or "")


class Healthcheck(BaseModel):
    """How Docker finds out whether a container is well; `command` is for the container's shell."""

    model_config = FORBID

    command: Line
    interval: Duration | None = None
    timeout: Duration | None = None
    retries: Annotated[int, Field(ge=1)] | None = None
    start_period: Duration | None = None


class Container(BaseModel):
    """One container. What is left out is as the image and Docker have it."""

    model_config = FORBID

    image: Reference | None = None
    command: Words = ()
    entrypoint: Words = ()
    env: dict[Variable, Line] = {}
    secrets: dict[Variable, Secret] = {}
    ports: tuple[Port, ...] = ()
    volumes: tuple[Mount, ...] = ()
    networks: tuple[Name, ...] = ()
    restart: Restart = "unless-stopped"
    user: UserAndGroup | None = None
    workdir: InsidePath | None = None
    hostname: HostName | None = None
    tty: bool = False
    stdin_open: bool = False
    gpus: Gpus | None = None
    shm_size: Size | None = None
    ulimits: dict[UlimitName, Ulimit] = {}
    healthcheck: Healthcheck | None = None
    labels: dict[Label, Line] = {}
    state: Literal["running", "stopped", "absent"] = "running"
    # Seconds in which it has to be running, and healthy where it has a healthcheck.
    wait: Annotated[int, Field(ge=1)] = 60

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.image is None and self.state != "absent":
            raise ValueError("image: name the image")
        if both := sorted(self.env.keys() & self.secrets.keys()):
            raise ValueError(f"env: {both[0]} is in secrets too")
        targets = [mount.split(":")[1].rstrip("/") for mount in self.volumes]
        if twice := {each for each in targets if targets.count(each) > 1}:
            raise ValueError(f"volumes: two of them are at {twice.pop()}")
        if len(set(self.networks)) < len(self.networks):
            raise ValueError("networks: the same network stands there twice")
        if len(self.networks) > 1 and {"host", "none"} & set(self.networks):
            raise ValueError("networks: host and none stand alone")
        return self

    @property
    def published(self) -> tuple[Published, ...]:
        """The host's ports that it takes."""
        return tuple(port for each in self.ports for port in published(each))


class ContainerSettings(Section):
    """The containers of a host."""

    docker_containers: dict[Name, Container] = Field(
        {},
        description="Containers by name: `image`, `command`, `entrypoint`, `env`, `secrets`, "
        "`ports`, `volumes`, `networks`, `restart`, `user`, `workdir`, `hostname`, `tty`, "
        "`stdin_open`, `gpus`, `shm_size`, `ulimits`, `healthcheck`, `labels`, `wait`, and "
        "`state`: `running`, `stopped` or `absent`.",
    )

    @model_validator(mode="after")
    def _one_container_a_port(self) -> Self:
        running = {
            name: each for name, each in self.docker_containers.items() if each.state == "running"
        }
        for (one, first), (other, second) in combinations(running.items(), 2):
            for port in first.published:
                taken = [each for each in second.published if _same(port, each)]
                if taken:
                    raise ValueError(
                        f"docker_containers: {one} and {other} both take the host's port "
                        f"{port.port}/{port.protocol}"
                    )
        return self


def _same(one: Published, other: Published) -> bool:
    address = "" in (one.ip, other.ip) or one.ip == other.ip
    return address and one[1:] == other[1:]
