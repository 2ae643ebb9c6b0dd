"""plan and apply: bring hosts to their settings."""

from typing import Annotated

import typer

from rackwright.commands import add
from rackwright.commands.arguments import (
    EVERY,
    BreakLock,
    Exclude,
    Inventory,
    Limit,
    Report,
    Wait,
    Yes,
    pairs,
    with_lock,
)
from rackwright.commands.pace import PARALLEL, Data, HostTimeout, Json, Parallel, Silence

Task = Annotated[
    str, typer.Option(metavar="TASK", help="A deploy file, or a function: tasks.upgrade.upgrade.")
]
Arguments = Annotated[
    list[str],
    typer.Argument(metavar="[KEY=VALUE]...", callback=pairs, help="For the function of --task."),
]
Detailed = Annotated[
    bool, typer.Option("--detailed-exitcode", help="Exit code 2 when there is anything to change.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    add(app, plan, "plan inventory/lab.py --limit 'gpu-*'")
    add(app, apply, "apply inventory/lab.py --yes")


def plan(
    inventory: Inventory,
    arguments: Arguments = EVERY,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
    data: Data = EVERY,
    task: Task = "deploy.py",
    parallel: Parallel = PARALLEL,
    host_timeout: HostTimeout = None,
    silence: Silence = None,
    report: Report = None,
    json: Json = False,
    detailed: Detailed = False,
) -> int:
    """Show what would be changed on each host, why, and what it costs; change nothing."""
    from rackwright.converging import Chosen, plan_hosts
    from rackwright.pace.fleet import Request

    request = Request(
        inventory, limit, exclude, data, parallel, host_timeout, silence, report, json
    )
    return plan_hosts(request, Chosen(task, arguments), detailed=detailed)


def apply(
    inventory: Inventory,
    arguments: Arguments = EVERY,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
    data: Data = EVERY,
    task: Task = "deploy.py",
    parallel: Parallel = PARALLEL,
    host_timeout: HostTimeout = None,
    silence: Silence = None,
    report: Report = None,
    wait: Wait = 0,
    break_lock: BreakLock = False,
    json: Json = False,
    yes: Yes = False,
) -> int:
    """Show what would be changed on each host, ask, and change it, each host at its own pace."""
    from rackwright.converging import Chosen, apply_hosts
    from rackwright.pace.fleet import Request

    given = with_lock(data, wait, break_lock)
    request = Request(
        inventory, limit, exclude, given, parallel, host_timeout, silence, report, json
    )
    return apply_hosts(request, Chosen(task, arguments), yes=yes)
