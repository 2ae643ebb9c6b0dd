"""What dockerd is told: the keys of daemon.json, and how a running daemon may be treated."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from rackwright.docker.daemon_keys import mistakes
from rackwright.settings.section import Section
from rackwright.settings.values import AbsolutePath, HttpUrl, NoProxy, Registry

# daemon.json keys that have a setting of their own, so that there is one place for each.
KEYS_WITH_A_SETTING: Final = {
    "data-root": "docker_data_root",
    "insecure-registries": "docker_insecure_registries",
    "live-restore": "docker_live_restore",
    "registry-mirrors": "docker_registry_mirrors",
}
# Docker's manual, "Protect the Docker daemon socket": all four, or anybody who reaches the port is
# root on the host.
TLS_KEYS: Final = ("tlscacert", "tlscert", "tlskey")
LOCAL_SOCKETS: Final = ("fd://", "unix:///run/docker.sock", "unix:///var/run/docker.sock")


def _log_size(value: str) -> str:
    if not re.fullmatch(r"-1|[1-9]\d*[kmg]?", value):
        raise ValueError('write a size such as "10m", or "-1" for never')
    return value


LogSize = Annotated[str, AfterValidator(_log_size)]


def unsafe_socket(hosts: Iterable[str], keys: Mapping[str, JsonValue]) -> str | None:
    """Why a daemon with these keys must not listen there, as a sentence; None when it may."""
    tcp = [host for host in hosts if not host.startswith(("fd://", "unix://"))]
    if not tcp or (keys.get("tlsverify") is True and all(key in keys for key in TLS_KEYS)):
        return None
    return (
        f"{tcp[0]} makes everybody who reaches it root; set tlsverify to true and "
        f"{', '.join(TLS_KEYS)} to files on the host, or take it out"
    )


class DaemonSettings(Section):
    """The daemon's configuration."""

    docker_registry_mirrors: tuple[HttpUrl, ...] | None = Field(
        None,
        description="Mirrors of Docker Hub; those that answer are used, the fastest first. `[]` "
        "takes all away, `None` leaves those of the admin.",
    )
    docker_mirror_probe: bool | Literal["always"] = Field(
        True,
        description="Whether each host tries its mirrors out when they change, or `always` in "
        "every run. `False` writes them as given.",
    )
    docker_mirror_reference: HttpUrl = Field(
        "https://registry-1.docker.io",
        description="The registry that is never stale, asked from this machine; where it does not "
        "answer, the majority of a host's mirrors counts.",
    )
    docker_insecure_registries: tuple[Registry, ...] | None = Field(
        None,
        description="Registries that are reached over HTTP or without a valid certificate; `[]` "
        "and `None` as above.",
    )
    docker_live_restore: bool = Field(
        True, description="Containers keep running while the daemon restarts."
    )
    docker_log_max_size: LogSize = Field(
        "10m", description="Size at which a container's log is rotated; `-1` for never."
    )
    docker_log_max_file: int = Field(3, ge=1, description="Rotated logs that are kept.")
    docker_data_root: AbsolutePath | None = Field(
        None,
        description="Where images, containers and volumes lie, those of containerd in its folder "
        "`containerd`. Nothing is ever moved there.",
    )
    docker_allow_data_root_change: bool = Field(
        False, description="A new `docker_data_root` may leave images and containers behind."
    )
    docker_daemon: dict[str, JsonValue] = Field(
        {},
        description="Any other keys of `daemon.json`, merged per key over groups and host; keys "
        "that are on the host stay.",
    )
    docker_http_proxy: HttpUrl | None = Field(
        None, description="Proxy of the daemon for `http`; also for `https` unless that has one."
    )
    docker_https_proxy: HttpUrl | None = Field(None, description="Proxy of the daemon for `https`.")
    docker_no_proxy: tuple[NoProxy, ...] = Field(
        (), description="Hosts and networks that the daemon reaches without a proxy."
    )
    docker_restart: Literal["when-needed", "never"] = Field(
        "when-needed",
        description="Whether a run may restart Docker; with `never` it says what is pending.",
    )
    docker_allow_container_stop: bool = Field(
        False, description="A run may stop running containers where live-restore does not help."
    )

    @model_validator(mode="after")
    def _usable(self) -> Self:
        mirrors = self.docker_registry_mirrors or ()
        if len(set(mirrors)) < len(mirrors):
            raise ValueError("docker_registry_mirrors: the same mirror stands there twice")
        for key, setting in KEYS_WITH_A_SETTING.items():
            if key in self.docker_daemon:
                raise ValueError(f"docker_daemon.{key}: use the setting {setting} for it")
        if "containerd" in self.docker_daemon:
            raise ValueError(
                "docker_daemon.containerd: docker.service passes it as a flag already, and "
                "dockerd does not start when it is set in both places; take it out"
            )
        if wrong := mistakes(self.docker_daemon):
            raise ValueError("; ".join(f"docker_daemon.{sentence}" for sentence in wrong))
        return self

    @model_validator(mode="after")
    def _sockets(self) -> Self:
        hosts = self.docker_hosts
        if hosts and not set(hosts) & set(LOCAL_SOCKETS):
            raise ValueError(
                'docker_daemon.hosts: add "fd://", the local socket that the docker command uses'
            )
        if reason := unsafe_socket(hosts, self.docker_daemon):
            raise ValueError(f"docker_daemon.hosts: {reason}")
        return self

    @property
    def docker_hosts(self) -> tuple[str, ...]:
        """The sockets that the daemon is asked to listen on; () for those of the unit."""
        hosts = self.docker_daemon.get("hosts")
        return tuple(map(str, hosts)) if isinstance(hosts, list) else ()

    @property
    def daemon_keys(self) -> dict[str, JsonValue]:
        """The keys of daemon.json that these settings ask for; {} when they ask for none."""
        keys: dict[str, JsonValue] = {}
        if self.docker_registry_mirrors is not None:
            keys["registry-mirrors"] = list(self.docker_registry_mirrors)
        if self.docker_insecure_registries is not None:
            keys["insecure-registries"] = list(self.docker_insecure_registries)
        if self.docker_data_root is not None:
            keys["data-root"] = self.docker_data_root
        asked = self.model_fields_set
        if "docker_live_restore" in asked:
            keys["live-restore"] = self.docker_live_restore
        if {"docker_log_max_size", "docker_log_max_file"} & asked:
            keys["log-opts"] = self._rotation
        return keys | self.docker_daemon

    @property
    def daemon_defaults(self) -> dict[str, JsonValue]:
        """Keys that a host gets where neither the settings nor its admin say anything."""
        defaults: dict[str, JsonValue] = {
            "live-restore": self.docker_live_restore,
            "log-opts": self._rotation,
        }
        return {key: value for key, value in defaults.items() if key not in self.daemon_keys}

    @property
    def _rotation(self) -> dict[str, JsonValue]:
        return {"max-size": self.docker_log_max_size, "max-file": str(self.docker_log_max_file)}
