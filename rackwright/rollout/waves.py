"""Which hosts are changed together, and in what order. Pure."""

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final

Wave = tuple[str, ...]
FORM: Final = "write it like 1,10%,50%,100%"


def targets(waves: str, hosts: int) -> list[int]:
    """How many hosts of so many are to be done after each wave of a text like "1,10%,50%,100%".

    A share is rounded up. Raises ValueError, with a sentence, for a text that is none, and for one
    in which numbers or shares fall.
    """
    words = [word.strip() for word in waves.split(",")]
    if wrong := [word for word in words if not re.fullmatch(r"[1-9]\d*|([1-9]\d?|100)%", word)]:
        raise ValueError(
            f"{waves!r}: {wrong[0]!r} is neither a number of hosts nor a share of them; {FORM}"
        )
    shares = [int(word[:-1]) for word in words if "%" in word]
    numbers = [int(word) for word in words if "%" not in word]
    if [shares, numbers] != [sorted(shares), sorted(numbers)]:
        raise ValueError(
            f"{waves!r}: each counts all hosts done by then, and none is less than before; {FORM}"
        )
    counts = [-(-int(word[:-1]) * hosts // 100) if "%" in word else int(word) for word in words]
    # In a small fleet, a number may be more than the share after it.
    return [min(count, hosts) for count in accumulate(counts, max)]


def plan_waves(
    hosts: Sequence[str], waves: str, racks: Mapping[str, str] | None = None
) -> list[Wave]:
    """Every host once, in the order given; what the last number leaves is one more wave.

    `racks` is given when no two hosts of a rack may be in the same wave; a wave is smaller then
    where racks are few, and more waves follow. A host that is not in it stands in no rack. Raises
    ValueError as targets().
    """
    left, planned, done = list(hosts), [], 0
    for target in (*targets(waves, len(hosts)), *[len(hosts)] * len(hosts)):
        wave = _wave(left, target - done, racks or {})
        if wave:
            planned.append(wave)
            left = [host for host in left if host not in wave]
            done += len(wave)
    return planned


def _wave(hosts: Sequence[str], size: int, racks: Mapping[str, str]) -> Wave:
    wave: list[str] = []
    taken: set[str] = set()
    for host in hosts:
        rack = racks.get(host)
        if len(wave) < size and (rack is None or rack not in taken):
            wave.append(host)
            taken |= {rack} if rack is not None else set()
    return tuple(wave)
