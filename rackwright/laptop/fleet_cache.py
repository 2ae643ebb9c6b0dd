"""The fleet's cache, found in the inventory: where it is, and who has to do with it. Pure."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from rackwright.laptop.nearest import nearest
from rackwright.settings import Settings, SettingsError
from rackwright.settings.cache import Cache

# The settings that say where packages come from.
SOURCES: Final = ("docker_repo_url", "apt_mirror", "apt_security_mirror")


def with_fleet_cache(
    fleet: Mapping[str, Settings],
    inventory: Mapping[str, Mapping[str, Any]],
    converging: Collection[str] = (),
) -> dict[str, Settings]:
    """The settings of a run's hosts, with the cache that they name.

    `inventory` has the data of all hosts, also of those that the run leaves out, `converging` are
    those that this run brings to their settings. Raises SettingsError with a sentence for every
    host whose cache cannot be.
    """
    errors: list[str] = []
    found: dict[str, Settings] = {}
    for host, settings in fleet.items():
        found[host] = settings
        name = settings.cache_host
        if name is None:
            continue
        if name not in inventory:
            hint = nearest(name, inventory)
            errors.append(f"{host}: cache_host: the inventory has no host {name}{hint}")
            continue
        address = settings.cache_address or str(inventory[name].get("ssh_hostname") or name)
        if address == "localhost" or address.startswith("127."):
            errors.append(
                f"{host}: cache_host: {name} is reached at {address} from here, which is no way "
                "to it from other hosts; set cache_address"
            )
        cache = Cache(
            name=name,
            address=f"[{address}]"
            if ":" in address.strip("[]") and "[" not in address
            else address,
            registry_port=settings.cache_registry_port,
            serves=host == name,
            coming=name in converging,
            ports=tuple(sorted({80, 443, *_ports(inventory)})),
        )
        found[host] = settings.with_cache(cache)
    if errors:
        raise SettingsError(errors)
    return found


def _ports(inventory: Mapping[str, Mapping[str, Any]]) -> Iterator[int]:
    for data in inventory.values():
        for name in SOURCES:
            try:
                port = urlsplit(str(data.get(name, ""))).port
            except ValueError:  # the schema says so of a host of this run
                continue
            if port:
                yield port
