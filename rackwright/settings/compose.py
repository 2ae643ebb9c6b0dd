"""Compose projects of a host. What they are stands in files on this machine."""

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, JsonValue, model_validator

from rackwright.settings.containers import Secret
from rackwright.settings.docker_values import Line, Project
from rackwright.settings.section import FORBID, Section
from rackwright.settings.values import VariableName

# What would have docker itself do something else than bring up this project on this host.
_STEERS: Final = ("PATH", "DOCKER_CONTEXT", "DOCKER_HOST", "COMPOSE_FILE", "COMPOSE_PROJECT_NAME")


def _free(value: str) -> str:
    if value in _STEERS or value.startswith("LD_"):
        raise ValueError(f"{value} steers docker itself; give the variable another name")
    return value


ProjectVariable = Annotated[VariableName, AfterValidator(_free)]


class ComposeProject(BaseModel):
    """One project. `file` is sent as it is, `template` is a jinja2 template that gets `vars`."""

    model_config = FORBID

    file: Line | None = None
    template: Line | None = None
    vars: dict[str, JsonValue] = {}
    env: dict[ProjectVariable, Line] = {}
    secrets: dict[ProjectVariable, Secret] = {}
    state: Literal["running", "absent"] = "running"
    # Seconds in which its containers have to be running, and healthy where that is checked.
    wait: Annotated[int, Field(ge=1)] = 60

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.state == "running" and (self.file is None) == (self.template is None):
            raise ValueError("name either file or template")
        if self.vars and self.template is None:
            raise ValueError("vars: only a template has variables; use env for a file")
        if both := sorted(self.env.keys() & self.secrets.keys()):
            raise ValueError(f"env: {both[0]} is in secrets too")
        return self


class RenderedProject(ComposeProject):
    """A project with the content of its compose file."""

    content: str


class ComposeSettings(Section):
    """The compose projects of a host."""

    docker_compose: dict[Project, ComposeProject] = Field(
        {},
        description="Compose projects by name: `file`, or `template` with `vars`, both on your "
        "machine; `env` and `secrets` for the `${VARIABLES}` in it, `wait`, and `state`: "
        "`running` or `absent`.",
    )
