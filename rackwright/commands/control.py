"""start, stop and restart containers."""

from typing import Annotated

import typer

from rackwright.commands import add
from rackwright.commands.arguments import (
    EVERY,
    BreakLock,
    Containers,
    Exclude,
    Inventory,
    Limit,
    Wait,
)

Time = Annotated[int, typer.Option("-t", "--time", min=0, help="Seconds to end in, before a kill.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    add(app, start, "start inventory/lab.py web")
    add(app, stop, "stop inventory/lab.py web --limit 'gpu-*'")
    add(app, restart, "restart inventory/lab.py web db")


def start(
    inventory: Inventory,
    containers: Containers,
    wait: Wait = 0,
    break_lock: BreakLock = False,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Start containers that are stopped, on all hosts."""
    from rackwright.fleetwide.control import control
    from rackwright.host_lock.hold import Hold

    return control(inventory, limit, exclude, "start", containers, Hold(wait, break_lock))


def stop(
    inventory: Inventory,
    containers: Containers,
    time: Time = 10,
    wait: Wait = 0,
    break_lock: BreakLock = False,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Stop containers on all hosts; they stay, and can be started again."""
    from rackwright.fleetwide.control import control
    from rackwright.host_lock.hold import Hold

    return control(inventory, limit, exclude, "stop", containers, Hold(wait, break_lock), time)


def restart(
    inventory: Inventory,
    containers: Containers,
    time: Time = 10,
    wait: Wait = 0,
    break_lock: BreakLock = False,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Stop containers and start them again, on all hosts."""
    from rackwright.fleetwide.control import control
    from rackwright.host_lock.hold import Hold

    return control(inventory, limit, exclude, "restart", containers, Hold(wait, break_lock), time)
