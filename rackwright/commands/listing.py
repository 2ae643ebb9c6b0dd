"""images and containers: what hosts have, in one table."""

from typing import Annotated

import typer

from rackwright.commands import add
from rackwright.commands.arguments import (
    EVERY,
    NONE,
    Exclude,
    Filter,
    Format,
    Inventory,
    Limit,
    NoTrunc,
    word,
)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    add(app, images, "images inventory/lab.py --filter dangling=true")
    add(app, containers, "containers inventory/lab.py --all --format '{{.Host}} {{.Names}}'")


def images(
    inventory: Inventory,
    repository: Annotated[
        str | None,
        typer.Argument(callback=word, help="Only this one; REPOSITORY or REPOSITORY:TAG."),
    ] = None,
    every: Annotated[bool, typer.Option("-a", "--all", help="Intermediate layers too.")] = False,
    digests: Annotated[bool, typer.Option("--digests", help="Digests too.")] = False,
    filters: Filter = NONE,
    form: Format = "table",
    no_trunc: NoTrunc = False,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """List the images of all hosts."""
    from rackwright.fleetwide.asked import Listing
    from rackwright.fleetwide.listing import list_fleet

    flags = {"--all": every, "--digests": digests, "--no-trunc": no_trunc}
    asked = Listing.images(flags, filters, repository or "")
    return list_fleet(inventory, limit, exclude, asked, form)


def containers(
    inventory: Inventory,
    every: Annotated[bool, typer.Option("-a", "--all", help="Stopped ones too.")] = False,
    size: Annotated[bool, typer.Option("-s", "--size", help="Sizes too (slow).")] = False,
    filters: Filter = NONE,
    form: Format = "table",
    no_trunc: NoTrunc = False,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """List the containers of all hosts."""
    from rackwright.fleetwide.asked import Listing
    from rackwright.fleetwide.listing import list_fleet

    flags = {"--all": every, "--size": size, "--no-trunc": no_trunc}
    return list_fleet(inventory, limit, exclude, Listing.containers(flags, filters), form)
