"""A host's data with its layers merged, as settings need it."""

from typing import Any

from pyinfra.api.host import HostData, extract_callable_datas


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
