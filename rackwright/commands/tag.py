"""tag: one more name for an image."""

from typing import Annotated

import typer

from rackwright.commands import add
from rackwright.commands.arguments import (
    EVERY,
    BreakLock,
    Exclude,
    Inventory,
    Limit,
    Wait,
    new_name,
    word,
)


def register(app: typer.Typer) -> None:
    """Add this command."""
    add(app, tag, "tag inventory/lab.py 14c02f86d314 app:old --limit server-1")


def tag(
    inventory: Inventory,
    image: Annotated[
        str, typer.Argument(callback=word, help="Name, digest or ID of an image on the hosts.")
    ],
    name: Annotated[str, typer.Argument(callback=new_name, help="The NAME:TAG that it gets.")],
    wait: Wait = 0,
    break_lock: BreakLock = False,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Give an image one more name on all hosts, also one that has none (<none>).

    Where that name was another image's, the table says which, by its ID. Names that are to stay
    belong into the inventory (tags in docker_images).
    """
    from rackwright.fleetwide.tag import tag_fleet
    from rackwright.host_lock.hold import Hold

    return tag_fleet(inventory, limit, exclude, image, name, Hold(wait, break_lock))
