"""start, stop and restart on all hosts."""

import shlex
from collections.abc import Sequence
from typing import Final

from rackwright.fleetwide.hosts import on_each
from rackwright.host.remote import PATIENCE, run

DONE: Final = {"start": "started", "stop": "stopped", "restart": "restarted"}


def control(
    inventory: str,
    limit: Sequence[str],
    exclude: Sequence[str],
    verb: str,
    containers: Sequence[str],
    time: int | None = None,
) -> int:
    """Run `docker VERB`, one of DONE, for containers on all hosts; returns the exit code.

    `time` is how many seconds each of them has to end in.
    """
    grace = [] if time is None else [f"--time={time}"]
    shell = shlex.join(["docker", verb, *grace, "--", *containers])
    patience = PATIENCE + (time or 0) * len(containers)
    return on_each(
        inventory,
        limit,
        exclude,
        lambda host: f"{DONE[verb]} {', '.join(run(host, shell, patience))}",
    )
