"""rollout: a fleet in waves."""

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
    with_lock,
)
from rackwright.commands.converge import Arguments, Task
from rackwright.commands.pace import PARALLEL, Data, HostTimeout, Parallel, Silence


def register(app: typer.Typer) -> None:
    """Add this command."""
    add(app, rollout, "rollout inventory/lab.py --task tasks.upgrade.upgrade version=26.1")


def rollout(
    inventory: Inventory,
    arguments: Arguments = EVERY,
    waves: Annotated[
        str, typer.Option(metavar="NUMBERS", help="How many hosts are done after each wave.")
    ] = "1,10%,50%,100%",
    spread: Annotated[
        str | None, typer.Option(metavar="rack", help="No two hosts of a rack in the same wave.")
    ] = None,
    max_failures: Annotated[
        int, typer.Option(min=1, help="Stop after the wave in which so many hosts have failed.")
    ] = 1,
    pause: Annotated[int, typer.Option(metavar="SECONDS", min=0, help="Between two waves.")] = 60,
    settle: Annotated[
        int, typer.Option(metavar="SECONDS", min=0, help="For containers to run again.")
    ] = 60,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the last rollout stands.")
    ] = False,
    dry: Annotated[bool, typer.Option("--dry", help="Show the waves; touch no host.")] = False,
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
    yes: Yes = False,
) -> int:
    """Run a task on the canary, then on more and more hosts, as long as all stay fit."""
    from rackwright.converging import Chosen
    from rackwright.pace.fleet import Request
    from rackwright.rollout.run import Rules, roll_out

    if spread not in (None, "rack"):
        raise typer.BadParameter(f"--spread {spread}: write rack")
    given = with_lock(data, wait, break_lock)
    request = Request(inventory, limit, exclude, given, parallel, host_timeout, silence, report)
    rules = Rules(waves, bool(spread), max_failures, pause, settle, resume)
    return roll_out(request, Chosen(task, arguments), rules, dry=dry, yes=yes)
