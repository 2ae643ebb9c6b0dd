"""What runs in Docker on a host: containers with their networks and volumes."""

from collections.abc import Iterator
from typing import Self

from pydantic import model_validator

from rackwright.settings.compose import ComposeSettings
from rackwright.settings.containers import ContainerSettings
from rackwright.settings.networks import NetworkSettings


class WorkloadSettings(ComposeSettings, ContainerSettings, NetworkSettings):
    """Everything that runs in Docker."""

    @property
    def docker_workload(self) -> bool:
        """Whether these settings ask for anything of it, so that the host is looked at for it."""
        asked = (self.docker_containers, self.docker_compose)
        return any((*asked, self.docker_networks, self.docker_volumes))

    @property
    def docker_secrets(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Every secret: its path in the settings, and where it comes from."""
        for name, container in self.docker_containers.items():
            for variable, secret in container.secrets.items():
                yield f"docker_containers.{name}.secrets.{variable}", secret.source
        for name, project in self.docker_compose.items():
            for variable, secret in project.secrets.items():
                yield f"docker_compose.{name}.secrets.{variable}", secret.source

    @model_validator(mode="after")
    def _nothing_uses_what_goes(self) -> Self:
        for name, container in self.docker_containers.items():
            if container.state == "absent":
                continue
            for network in container.networks:
                if network in self.docker_networks and (
                    self.docker_networks[network].state == "absent"
                ):
                    raise ValueError(
                        f"docker_containers.{name}.networks: {network} is absent in docker_networks"
                    )
            for mount in container.volumes:
                volume = self.docker_volumes.get(mount.partition(":")[0])
                if volume and volume.state == "absent":
                    raise ValueError(
                        f"docker_containers.{name}.volumes: {mount.partition(':')[0]} is absent in "
                        "docker_volumes"
                    )
        return self
