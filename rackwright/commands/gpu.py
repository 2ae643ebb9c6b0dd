"""gpu: the doctor of all GPUs."""

from typing import Annotated

import typer

from rackwright.commands import add
from rackwright.commands.arguments import EVERY, Exclude, Inventory, Limit


def register(app: typer.Typer) -> None:
    """Add this command."""
    add(app, gpu, "gpu inventory/lab.py --limit 'gpu-*'")


def gpu(
    inventory: Inventory,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for programs.")] = False,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Show the GPUs of all hosts, who uses them, what is wrong and the remedy."""
    from rackwright.fleetwide.gpus import show_fleet

    return show_fleet(inventory, limit, exclude, as_json)
