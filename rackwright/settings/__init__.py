"""What is wanted: the schema of every setting, its default and its documentation in one place.

One file for each part of it; a section is a pydantic model, and Settings is all of them together.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator

from rackwright.settings.builds import BuildSettings
from rackwright.settings.cache import CacheSettings
from rackwright.settings.daemon import DaemonSettings
from rackwright.settings.gpu import GpuSettings
from rackwright.settings.host_lock import HostLockSettings
from rackwright.settings.logins import LoginSettings
from rackwright.settings.pace import PaceSettings
from rackwright.settings.packages import PackageSettings
from rackwright.settings.rootless import RootlessSettings
from rackwright.settings.sentence import mistyped, sentence
from rackwright.settings.sources import SourceSettings
from rackwright.settings.values import User
from rackwright.settings.workload import WorkloadSettings

# Of host_ only these are ours: an inventory may well have a host_room of its own.
PREFIXES: Final = (
    *("apt_", "cache_", "docker_", "gpu_", "pip_"),
    *("host_command_", "host_silence", "host_timeout"),
)
# Of these, somebody writes a number now and then; 26.10 would be 26.1.
VERSIONS: Final = ("docker_version", "gpu_driver", "gpu_toolkit_version")


class SettingsError(ValueError):
    """Settings that cannot be used; `errors` holds one sentence each, with host and path."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(self.errors))


# pydantic takes the fields of the last base first: that is their order in docs/settings.md.
class Settings(
    HostLockSettings,
    PaceSettings,
    GpuSettings,
    CacheSettings,
    BuildSettings,
    SourceSettings,
    WorkloadSettings,
    RootlessSettings,
    LoginSettings,
    DaemonSettings,
    PackageSettings,
):
    """The settings of one host. Field names are the names in the inventory."""

    docker_users: tuple[User, ...] = Field(
        (),
        description="Existing users who may use Docker without sudo. "
        "This makes them as powerful as root.",
    )
    docker_verify: Literal["changed", "always", "never"] = Field(
        "changed", description="When to run `hello-world` as a user of the docker group."
    )

    @model_validator(mode="after")
    def _one_way_to_docker(self) -> Self:
        both = [user for user in self.docker_rootless_users if user in self.docker_users]
        if both:
            raise ValueError(
                f"docker_rootless_users: {', '.join(both)} is in docker_users too, which gives the "
                "rights of root; take them out of one of the two"
            )
        return self

    @model_validator(mode="after")
    def _a_bundle_has_no_drivers(self) -> Self:
        if self.docker_source == "bundle":
            for name in ("gpu_driver", "gpu_toolkit_version"):
                if getattr(self, name) != Settings.model_fields[name].default:
                    raise ValueError(f"{name}: an offline bundle has no packages for GPUs")
        return self

    @model_validator(mode="after")
    def _builds_with_secrets_have_buildx(self) -> Self:
        if (secret := next(self.build_secrets, None)) and "buildx" not in self.docker_plugins:
            raise ValueError(f'{secret[0]}: add "buildx" to docker_plugins, which hands it over')
        return self

    @model_validator(mode="after")
    def _compose_is_there(self) -> Self:
        if self.docker_compose and "compose" not in self.docker_plugins:
            raise ValueError('docker_compose: add "compose" to docker_plugins, which brings it up')
        return self

    @model_validator(mode="after")
    def _logins_are_of_users_of_docker(self) -> Self:
        for registry, login in self.docker_registry_logins.items():
            for user in login.users:
                if user not in ("root", *self.docker_users):
                    raise ValueError(
                        f"docker_registry_logins.{registry}.users: {user} cannot use Docker; add "
                        "them to docker_users"
                    )
        return self


def parse_settings(data: Mapping[str, Any]) -> Settings:
    """The settings in one host's data.

    Names without one of our prefixes are not ours to judge, unless one is surely a setting with a
    typing error. Raises SettingsError with a sentence "path: what is wrong" for every error found.
    """
    ours = {
        name: value
        for name, value in data.items()
        if name.startswith(PREFIXES) or mistyped(name, Settings)
    }
    try:
        return Settings(**ours)
    except ValidationError as error:
        raise SettingsError(sentence(item, Settings, VERSIONS) for item in error.errors()) from None


def parse_fleet(fleet: Mapping[str, Mapping[str, Any]]) -> dict[str, Settings]:
    """Settings by host name. Raises SettingsError with the errors of all hosts at once."""
    settings: dict[str, Settings] = {}
    errors: list[str] = []
    for host, data in sorted(fleet.items()):
        try:
            settings[host] = parse_settings(data)
        except SettingsError as error:
            errors += [f"{host}: {sentence}" for sentence in error.errors]
    if errors:
        raise SettingsError(errors)
    return settings
