"""Who gets a Docker daemon of their own, without root."""

from pydantic import Field, field_validator

from rackwright.settings.section import Section
from rackwright.settings.values import User


class RootlessSettings(Section):
    """Rootless Docker."""

    docker_rootless_users: tuple[User, ...] = Field(
        (),
        description="Existing users who get a Docker daemon of their own, which has no more rights "
        "than they have. Its `daemon.json` is theirs; at first it gets the mirrors from here.",
    )

    @field_validator("docker_rootless_users")
    @classmethod
    def _not_root(cls, users: tuple[str, ...]) -> tuple[str, ...]:
        if "root" in users:
            raise ValueError("root has no use for a daemon without root; take it out")
        return users
