"""start, stop and restart on all hosts."""

import shlex
from collections.abc import Sequence
from typing import Final

from rackwright.fleetwide.hosts import on_each
from rackwright.host.remote import PATIENCE, run
from rackwright.host_lock.hold import Hold, asked

DONE: Final = {"start": "started", "stop": "stopped", "restart": "restarted"}


def control(
    inventory: str,
    limit: Sequence[str],
    exclude: Sequence[str],
    verb: str,
    containers: Sequence[str],
    hold: Hold,
    time: int | None = None,
) -> int:
    """Run `docker VERB`, one of DONE, for containers on all hosts; returns the exit code.

    `hold` is how hosts are held meanwhile; `time` how many seconds each container has to end in.
    """
    grace = [] if time is None else [f"--time={time}"]
    shell = shlex.join(["docker", verb, *grace, "--", *containers])
    changes = [asked(verb, name, DONE[verb]) for name in containers]
    shell = hold.around(shell, changes)
    patience = PATIENCE + hold.wait + (time or 0) * len(containers)
    return on_each(
        inventory,
        limit,
        exclude,
        lambda host: f"{DONE[verb]} {', '.join(run(host, shell, patience))}",
    )
