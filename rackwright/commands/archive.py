"""export and import: a container's files as a tar."""

from pathlib import Path
from typing import Annotated

import typer

from rackwright.commands import add
from rackwright.commands.arguments import (
    EVERY,
    BreakLock,
    Container,
    Exclude,
    HostName,
    Inventory,
    Limit,
    Wait,
    line,
    lines,
    new_name,
)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    add(app, export, "export inventory/lab.py server-1 web web.tar")
    add(app, import_, "import inventory/lab.py web.tar lab/web:1.0", name="import")


def export(
    inventory: Inventory,
    host: HostName,
    container: Container,
    file: Annotated[Path, typer.Argument(help="The file on this machine.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it is there.")
    ] = False,
) -> int:
    """Save the files of one host's container on this machine, as a tar."""
    from rackwright.fleetwide.export import export_container

    return export_container(inventory, host, container, file, force)


def import_(
    inventory: Inventory,
    source: Annotated[
        str,
        typer.Argument(
            callback=line, help="A tar or a folder on this machine, or a URL that hosts fetch."
        ),
    ],
    image: Annotated[str, typer.Argument(callback=new_name, help="NAME:TAG of the new image.")],
    change: Annotated[
        list[str],
        typer.Option(
            "-c", "--change", callback=lines, help="A Dockerfile instruction: CMD, ENV ..."
        ),
    ] = EVERY,
    wait: Wait = 0,
    break_lock: BreakLock = False,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Make an image of such a tar (also gzip, bzip2 or xz), or of a folder, on all hosts."""
    from rackwright.fleetwide.imports import import_fleet
    from rackwright.host_lock.hold import Hold

    return import_fleet(inventory, limit, exclude, source, image, change, Hold(wait, break_lock))
