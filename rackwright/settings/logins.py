"""Which registries a host logs in to. Passwords themselves stand in no setting."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

from rackwright.settings.section import FORBID, Section
from rackwright.settings.values import RegistryName, User, VariableName, Word


class Login(BaseModel):
    """A login to one registry; its password comes from this machine when it is needed."""

    model_config = FORBID

    username: Word
    password_env: VariableName | None = None
    password_command: str | None = None
    users: tuple[User, ...] = ("root",)

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if (self.password_env is None) == (self.password_command is None):
            raise ValueError("name either password_env or password_command")
        return self

    @property
    def source(self) -> tuple[str, str]:
        """Where the password comes from: "env" or "command", and which."""
        if self.password_env is not None:
            return "env", self.password_env
        return "command", self.password_command or ""


class LoginSettings(Section):
    """The registries of a host."""

    docker_registry_logins: dict[RegistryName, Login] = Field(
        {},
        description="Registries to log in to, by `HOST:PORT` (`docker.io` is Docker Hub): "
        "`username`, `password_env` or `password_command`, and `users`, who are root unless named.",
    )
