"""The maps of daemon.json whose entries have nothing to do with each other.

In here, each entry of them is a key of its own, "runtimes.nvidia": whoever sets one leaves the
others alone. No key of dockerd's has a dot in its name.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

MAPS: Final = ("features", "runtimes")

Keys = Mapping[str, JsonValue]


def flat(keys: Keys) -> dict[str, JsonValue]:
    """The keys with every entry of these maps on its own; an empty map stays one."""
    found: dict[str, JsonValue] = {}
    for key, value in keys.items():
        if key in MAPS and isinstance(value, dict) and value:
            found |= {f"{key}.{entry}": each for entry, each in value.items()}
        else:
            found[key] = value
    return found


def entries(keys: Keys) -> dict[str, JsonValue]:
    """As flat(), without empty maps: who wants one has nothing to say about what is in it."""
    return {key: value for key, value in flat(keys).items() if key not in MAPS}


def nested(keys: Keys) -> dict[str, JsonValue]:
    """The other way round; each map stands where its first entry stood."""
    found: dict[str, JsonValue] = {}
    for key, value in keys.items():
        name, _, entry = key.partition(".")
        if name not in MAPS or not (entry or isinstance(value, dict)):
            found[key] = value
            continue
        before = found.get(name)
        entries = before if isinstance(before, dict) else {}
        found[name] = entries | ({entry: value} if entry else {})
    return found


def top(key: str) -> str:
    """The key of daemon.json that this is, or is an entry of."""
    return key.partition(".")[0]
