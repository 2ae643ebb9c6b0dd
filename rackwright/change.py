"""One change of a plan: what, from, to, why, and what it costs whoever uses the host."""

from dataclasses import dataclass
from enum import IntEnum


class Impact(IntEnum):
    """What a change does to the running host, from harmless to grave."""

    NONE = 0
    RELOAD = 1
    RESTART = 2
    REBOOT = 3
    DATA_LOSS = 4

    def __str__(self) -> str:
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True)
class Change:
    """`task` makes it; `stops` names the running containers that it stops."""

    task: str
    what: str
    before: str
    after: str
    reason: str
    impact: Impact = Impact.NONE
    stops: tuple[str, ...] = ()
