"""rm, rmi and prune: what takes something away. It is shown first, and asked for."""

from dataclasses import replace
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
    Yes,
    seconds,
    words,
)

Force = Annotated[bool, typer.Option("--force", help="Also what is in use.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    add(app, rm, "rm inventory/lab.py web --limit server-1")
    add(app, rmi, "rmi inventory/lab.py nvidia/cuda:11.8.0-base-ubuntu22.04")
    add(app, prune, "prune inventory/lab.py --containers --images --older-than 7d --yes")


def rm(
    inventory: Inventory,
    containers: Containers,
    force: Force = False,
    volumes: Annotated[
        bool, typer.Option("--volumes", help="With the volumes that nobody named.")
    ] = False,
    yes: Yes = False,
    wait: Wait = 0,
    break_lock: BreakLock = False,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Remove containers on all hosts where they are; one that runs only with --force."""
    from rackwright.fleetwide import choice
    from rackwright.fleetwide.removal import Request, remove
    from rackwright.host_lock.hold import Hold

    flags = [*(["--force"] if force else []), *(["--volumes"] if volumes else [])]
    request = Request(
        lambda survey: choice.containers(survey, containers, force), flags={"container": flags}
    )
    return remove(inventory, limit, exclude, request, Hold(wait, break_lock), yes)


def rmi(
    inventory: Inventory,
    images: Annotated[
        list[str],
        typer.Argument(metavar="IMAGE...", callback=words, help="Names, digests or IDs of images."),
    ],
    force: Force = False,
    yes: Yes = False,
    wait: Wait = 0,
    break_lock: BreakLock = False,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Remove names of images on all hosts, and images with their last name.

    An ID stands for all names of its image. What a container uses goes only with --force.
    """
    from rackwright.fleetwide import choice
    from rackwright.fleetwide.removal import Request, remove
    from rackwright.host_lock.hold import Hold

    flags = {"image": ["--force"] if force else []}
    request = Request(lambda survey: choice.images(survey, images, force), images, flags=flags)
    return remove(inventory, limit, exclude, request, Hold(wait, break_lock), yes)


def prune(
    inventory: Inventory,
    containers: Annotated[bool, typer.Option("--containers", help="Stopped containers.")] = False,
    images: Annotated[bool, typer.Option("--images", help="Dangling images: no name.")] = False,
    unused_images: Annotated[
        bool, typer.Option("--unused-images", help="All images that no container uses.")
    ] = False,
    networks: Annotated[bool, typer.Option("--networks", help="Unused networks.")] = False,
    volumes: Annotated[
        bool, typer.Option("--volumes", help="Unused volumes without a name, and their data.")
    ] = False,
    named_volumes: Annotated[
        bool, typer.Option("--named-volumes", help="Unused volumes with a name, and their data.")
    ] = False,
    build_cache: Annotated[bool, typer.Option("--build-cache", help="The build cache.")] = False,
    older_than: Annotated[
        str, typer.Option(metavar="TIME", callback=seconds, help="Made so long ago: 90m, 36h, 7d.")
    ] = "0s",
    yes: Yes = False,
    wait: Wait = 0,
    break_lock: BreakLock = False,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Remove what nothing uses on all hosts: of what is named, at least one."""
    from rackwright.fleetwide import choice
    from rackwright.fleetwide.removal import Request, remove
    from rackwright.host_lock.hold import Hold

    asked = choice.Unneeded(
        containers, images, unused_images, networks, volumes, named_volumes, build_cache
    )
    if asked == choice.Unneeded():
        raise typer.BadParameter("say what is to go: --containers, --images ... (see --help)")
    age = int(older_than)
    asked = replace(asked, older_than=age)
    flags = {"build cache": [f"--filter=until={age}s"] if age else []}
    request = Request(lambda survey: choice.unneeded(survey, asked), cache=build_cache, flags=flags)
    return remove(inventory, limit, exclude, request, Hold(wait, break_lock), yes)
