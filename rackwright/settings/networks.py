"""Networks and volumes of a host's containers."""

from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from rackwright.settings.docker_values import Label, Line, Name, NetworkName, Subnet, Variable
from rackwright.settings.section import FORBID, Section


class Network(BaseModel):
    """A network of Docker's; an `internal` one has no way out."""

    model_config = FORBID

    driver: Name = "bridge"
    subnet: Subnet | None = None
    internal: bool = False
    labels: dict[Label, Line] = {}
    state: Literal["present", "absent"] = "present"


class Volume(BaseModel):
    """A volume. It goes only when `delete` says so besides `state`."""

    model_config = FORBID

    driver: Name = "local"
    options: dict[Variable, Line] = {}
    labels: dict[Label, Line] = {}
    state: Literal["present", "absent"] = "present"
    delete: bool = False

    @model_validator(mode="after")
    def _deleted_only_by_a_word(self) -> Self:
        if self.delete != (self.state == "absent"):
            raise ValueError(
                'to delete a volume with its data, write "state": "absent" and "delete": True; to '
                "keep it, neither"
            )
        return self


class NetworkSettings(Section):
    """The networks and volumes of a host."""

    docker_networks: dict[NetworkName, Network] = Field(
        {},
        description="Networks by name: `driver`, `subnet`, `internal`, `labels`, and `state`: "
        "`present` or `absent`.",
    )
    docker_volumes: dict[Name, Volume] = Field(
        {},
        description="Volumes by name: `driver`, `options`, `labels`. One goes, with its data, when "
        "`state` is `absent` and `delete` is `True`.",
    )
