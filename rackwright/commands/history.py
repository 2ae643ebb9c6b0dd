"""history: what was changed on hosts, and by whom."""

from typing import Annotated

import typer

from rackwright.commands import add
from rackwright.commands.arguments import EVERY, Exclude, Inventory, Limit


def register(app: typer.Typer) -> None:
    """Add this command."""
    add(app, history, "history inventory/lab.py --last 20")


def history(
    inventory: Inventory,
    last: Annotated[
        int, typer.Option(min=1, help="So many changes of each host, the last ones.")
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="All of it, as JSON.")] = False,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Show who changed what on all hosts, from their own logs."""
    from rackwright.fleetwide.history import history as show

    return show(inventory, limit, exclude, last, as_json)
