"""Which host keeps images and packages for all the others."""

import re
from dataclasses import dataclass
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, PrivateAttr

from rackwright.settings.section import Section
from rackwright.settings.values import Word

# Where apt-cacher-ng listens unless told otherwise.
APT_PORT: Final = 3142


def _address(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\]", value):
        raise ValueError("write a host's name or address, without a scheme and a port")
    return value


Address = Annotated[str, AfterValidator(_address)]


@dataclass(frozen=True)
class Cache:
    """The fleet's cache as one host has to do with it; its `name` is that in the inventory.

    `serves` says that the host is the cache itself, `coming` that this very run makes it one, so
    that it need not answer yet. `ports` are those from which it may fetch packages.
    """

    name: str
    address: str
    registry_port: int
    serves: bool = False
    coming: bool = False
    ports: tuple[int, ...] = (80, 443)

    @property
    def registry(self) -> str:
        """The mirror of Docker Hub."""
        return f"http://{self.address}:{self.registry_port}"

    @property
    def apt(self) -> str:
        """The cache of packages."""
        return f"http://{self.address}:{APT_PORT}"


class CacheSettings(Section):
    """The fleet's cache."""

    cache_host: Word | None = Field(
        None,
        description="The host of the inventory, by its name there, that keeps images of Docker Hub "
        "and packages for all hosts that have this setting, and for itself.",
    )
    cache_address: Address | None = Field(
        None,
        description="Where the others reach it; unless set, its `ssh_hostname`, or its name.",
    )
    cache_registry_port: Annotated[int, Field(strict=True, gt=0, lt=65536)] = Field(
        5000, description="The port of its registry."
    )
    _cache: Cache | None = PrivateAttr(None)

    @property
    def cache(self) -> Cache | None:
        """The cache as this host has to do with it; None for no cache, and before `with_cache`."""
        return self._cache

    def with_cache(self, cache: Cache) -> Self:
        """These settings on a host that has to do with that cache."""
        copy = self.model_copy()
        copy._cache = cache
        return copy
