"""What is wanted: the schema of every setting, its default and its documentation in one place."""

import difflib
import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)

PREFIXES: Final = ("docker_",)
DOCKER_REPO_URL: Final = "https://download.docker.com/linux"
DOCKER_KEY_FINGERPRINT: Final = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"

# What the packaged unit already passes as flags. dockerd refuses to start when one of them is
# also in daemon.json (docker/cli, docs/reference/dockerd.md, "Configuration file").
FLAGS_OF_THE_UNIT: Final = ("hosts", "containerd")
# daemon.json keys that have a setting of their own, so that there is one place for each.
KEYS_WITH_A_SETTING: Final = {
    "registry-mirrors": "docker_registry_mirrors",
    "insecure-registries": "docker_insecure_registries",
}


class SettingsError(ValueError):
    """Settings that cannot be used; `errors` holds one sentence each, with host and path."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(self.errors))


def _version(value: str) -> str:
    if value == "latest" or re.fullmatch(r"\d+(\.\d+){0,2}", value):
        return value
    if re.fullmatch(r"(\d+:)?\d[A-Za-z0-9.+~]*-[A-Za-z0-9.+~-]+", value):
        return value
    raise ValueError(
        'write "latest", a version ("26.1", "26.1.5") or a full Debian version '
        '("5:26.1.5-1~debian.12~bookworm")'
    )


def _http_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("write a URL that begins with https:// or http://")
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("a URL here has no user, password, query or fragment")
    # It goes into files and command lines on the host: only what RFC 3986 calls unreserved.
    if not re.fullmatch(r"[A-Za-z0-9:/._~\[\]%-]+", value):
        raise ValueError("a URL here has only letters, digits and : / . _ ~ - % [ ]")
    return value.rstrip("/")


def _fingerprint(value: str) -> str:
    digits = re.sub(r"[\s:]", "", value).upper()
    if not re.fullmatch(r"[0-9A-F]{40}|[0-9A-F]{64}", digits):
        raise ValueError("write the whole OpenPGP fingerprint: 40 (or 64) hexadecimal digits")
    return digits


def _registry(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.:/\[\]-]*", value) or "://" in value:
        raise ValueError("write HOST, HOST:PORT or a network like 10.0.0.0/8, without a scheme")
    # As docker info shows it: 10.1.2.3/8 is the network 10.0.0.0/8.
    return str(ip_network(value, strict=False)) if "/" in value else value


def _user(value: str) -> str:
    # useradd(8), "CAVEATS", and what directory services have besides: capitals, dots and domains.
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}", value):
        raise ValueError("a login name has only letters, digits and _ . @ -, and no - in front")
    return value


HttpUrl = Annotated[str, AfterValidator(_http_url)]
Registry = Annotated[str, AfterValidator(_registry)]
User = Annotated[str, AfterValidator(_user)]


class Settings(BaseModel):
    """The settings of one host. Field names are the names in the inventory."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    docker_version: Annotated[str, AfterValidator(_version)] = Field(
        "latest",
        description="`latest`, a version (`26.1`, `26.1.5`) or a full Debian version. "
        "`latest` installs the newest and leaves an installed one alone.",
    )
    docker_channel: Literal["stable", "test"] = Field(
        "stable", description="Channel of Docker's repository."
    )
    docker_repo_url: HttpUrl = Field(
        DOCKER_REPO_URL,
        description="Docker's package repository or a mirror of it, up to `linux`.",
    )
    docker_key_fingerprint: Annotated[str, AfterValidator(_fingerprint)] = Field(
        DOCKER_KEY_FINGERPRINT,
        description="The only OpenPGP key that is accepted for the repository.",
    )
    docker_plugins: tuple[Literal["buildx", "compose", "model"], ...] = Field(
        ("buildx", "compose"), description="Plugins of the command line to install."
    )
    docker_registry_mirrors: tuple[HttpUrl, ...] | None = Field(
        None,
        description="Mirrors of Docker Hub, first one first. `[]` takes all away, `None` leaves "
        "those of the admin.",
    )
    docker_insecure_registries: tuple[Registry, ...] | None = Field(
        None,
        description="Registries that are reached over HTTP or without a valid certificate; `[]` "
        "and `None` as above.",
    )
    docker_users: tuple[User, ...] = Field(
        (),
        description="Existing users who may use Docker without sudo. "
        "This makes them as powerful as root.",
    )
    docker_daemon: dict[str, JsonValue] = Field(
        {}, description="Any other keys of `daemon.json`; keys that are on the host stay."
    )
    docker_verify: Literal["changed", "always", "never"] = Field(
        "changed", description="When to run `hello-world` as a user of the docker group."
    )

    @model_validator(mode="after")
    def _one_place_for_each_key(self) -> "Settings":
        mirrors = self.docker_registry_mirrors or ()
        if len(set(mirrors)) < len(mirrors):
            raise ValueError("docker_registry_mirrors: the same mirror stands there twice")
        for key, setting in KEYS_WITH_A_SETTING.items():
            if key in self.docker_daemon:
                raise ValueError(f"docker_daemon.{key}: use the setting {setting} for it")
        for key in FLAGS_OF_THE_UNIT:
            if key in self.docker_daemon:
                raise ValueError(
                    f"docker_daemon.{key}: docker.service passes it as a flag already, and "
                    "dockerd does not start when it is set in both places; take it out"
                )
        return self

    @property
    def daemon_keys(self) -> dict[str, JsonValue]:
        """The keys of daemon.json that these settings ask for; {} when they ask for none."""
        keys: dict[str, JsonValue] = {}
        if self.docker_registry_mirrors is not None:
            keys["registry-mirrors"] = list(self.docker_registry_mirrors)
        if self.docker_insecure_registries is not None:
            keys["insecure-registries"] = list(self.docker_insecure_registries)
        return keys | self.docker_daemon


def parse_settings(data: Mapping[str, Any]) -> Settings:
    """The settings in one host's data; names without one of our prefixes are not ours to judge.

    Raises SettingsError with a sentence "path: what is wrong" for every error found.
    """
    ours = {name: value for name, value in data.items() if name.startswith(PREFIXES)}
    try:
        return Settings(**ours)
    except ValidationError as error:
        raise SettingsError(_sentence(item) for item in error.errors()) from None


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


def _sentence(error: Any) -> str:
    path = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        nearest = difflib.get_close_matches(path, Settings.model_fields, n=1, cutoff=0)[0]
        return f"{path}: there is no such setting; the nearest is {nearest}"
    what = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error" and not path:
        return str(what)
    if path == "docker_version" and error["type"] == "string_type":
        what = f'{error["input"]!r} is a number; write it in quotes: "{error["input"]}"'
    return f"{path}: {what}"
