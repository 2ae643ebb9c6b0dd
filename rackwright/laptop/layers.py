"""A host's data with its layers merged, as settings need it."""

from collections.abc import Iterable
from typing import Any

from pyinfra.api import Host
from pyinfra.api.host import HostData, extract_callable_datas

from rackwright.settings import Settings, parse_fleet


def settings_of(hosts: Iterable[Host]) -> dict[str, Settings]:
    """The settings of hosts by name, as their inventory has them. Raises SettingsError."""
    return parse_fleet({host.name: layered(host.data) for host in hosts})


def layered(data: HostData) -> dict[str, Any]:
    """A host's data; where several layers (groups, host, command line) hold a map, merged per key.

    pyinfra itself takes the whole map of the last layer.
    """
    merged: dict[str, Any] = {}
    for layer in extract_callable_datas(list(reversed(data.datas))):
        for name, value in layer.items():
            before = merged.get(name)
            both = isinstance(before, dict) and isinstance(value, dict)
            merged[name] = {**before, **value} if both and before else value
    return merged
