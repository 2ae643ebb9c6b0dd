"""Who changes a host at this moment, or did last, as its lock says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

# To the admin who looks: "left" was not given back, and its run is over.
Standing = Literal["free", "left", "held"]


@dataclass(frozen=True)
class HostLock:
    """The lock of one host. `run` is the one that holds it, or held it last; "" is none.

    `admin` is the Holder.identity of that run, `process` the number of its process there. `says`
    is a sentence about it.
    """

    standing: Standing = "free"
    run: str = ""
    admin: str = ""
    process: int = 0
    says: str = ""


def parse_host_lock(values: Mapping[str, Sequence[str]]) -> HostLock:
    """The lock in a probe's answer, as host_lock.sh shows it; a free one where there is none.

    Raises ValueError and KeyError for an answer that cannot be read.
    """
    one = {key: found[0] for key, found in values.items() if key.startswith("host_lock_")}
    if not one:
        return HostLock()
    standing = dict(zip(get_args(Standing), get_args(Standing), strict=True))
    return HostLock(
        standing=standing[one["host_lock_standing"]],
        run=one["host_lock_run"],
        admin=one["host_lock_admin"],
        process=int(one["host_lock_process"]),
        says=one["host_lock_says"],
    )
