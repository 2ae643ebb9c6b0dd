"""logs, exec, attach and run: what goes on in containers."""

from typing import Annotated

import typer

from rackwright.commands import add
from rackwright.commands.arguments import (
    EVERY,
    NONE,
    Container,
    Env,
    Exclude,
    HostName,
    Interactive,
    Inventory,
    Limit,
    Terminal,
    User,
    Workdir,
    image_name,
    line,
    lines,
    word,
)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    add(app, logs, "logs inventory/lab.py web --tail 20")
    add(app, exec_, "exec inventory/lab.py web -- ls -l /srv", name="exec")
    add(app, attach, "attach inventory/lab.py server-1 shell")
    add(app, run, "run inventory/lab.py --gpus all nvidia/cuda:12.4.1-base-ubuntu22.04 nvidia-smi")


def logs(
    inventory: Inventory,
    container: Container,
    tail: Annotated[
        str, typer.Option(callback=word, help="The last lines: a number, or all.")
    ] = "100",
    since: Annotated[
        str | None, typer.Option(callback=word, help="A time, or how long ago: 2h30m.")
    ] = None,
    timestamps: Annotated[bool, typer.Option("-t", "--timestamps", help="With times.")] = False,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="And what comes, until Ctrl-C.")
    ] = False,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Show the logs of a container on all hosts, the host's name before each line."""
    from rackwright.fleetwide.inside import inside
    from rackwright.fleetwide.words import logs_command

    command = logs_command(container, tail, since, timestamps, follow)
    return inside(inventory, limit, exclude, command, endless=follow)


def exec_(
    inventory: Inventory,
    container: Container,
    command: Annotated[list[str], typer.Argument(help="What to run; -- goes before it.")],
    interactive: Interactive = False,
    tty: Terminal = False,
    user: User = None,
    workdir: Workdir = None,
    env: Env = NONE,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Run a command in a container that runs, on all hosts, or with -it on one."""
    from rackwright.fleetwide.inside import inside
    from rackwright.fleetwide.interactive import enter
    from rackwright.fleetwide.words import exec_command

    words = exec_command(container, command, user=user, workdir=workdir, env=env)
    if interactive or tty:
        return enter(inventory, limit, exclude, words, interactive, tty)
    return inside(inventory, limit, exclude, words)


def attach(
    inventory: Inventory,
    host: HostName,
    container: Container,
) -> int:
    """Go to what a container on one host runs, its own input and output.

    Ctrl-P Ctrl-Q detaches from it and lets it run, where it has a terminal (tty and stdin_open in
    docker_containers). The end of what it runs, such as exit in a shell, is the container's end;
    without a terminal Ctrl-C goes there, too. To look on there is logs --follow, and exec -it for
    a shell beside it.
    """
    from rackwright.fleetwide.interactive import attach as hand_over

    return hand_over(inventory, host, container)


def run(
    inventory: Inventory,
    image: Annotated[
        str, typer.Argument(callback=image_name, help="An image; pulled where missing.")
    ],
    command: Annotated[
        list[str] | None, typer.Argument(help="What to run in it; -- goes before it.")
    ] = None,
    interactive: Interactive = False,
    tty: Terminal = False,
    detach: Annotated[
        bool, typer.Option("-d", "--detach", help="In the background, and keep it.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep it when it has ended.")] = False,
    name: Annotated[str | None, typer.Option(callback=word, help="Its name.")] = None,
    gpus: Annotated[
        str | None, typer.Option(callback=word, help="all, or as Docker's --gpus.")
    ] = None,
    volume: Annotated[
        list[str], typer.Option("-v", "--volume", callback=lines, help="SOURCE:PATH[:OPTIONS].")
    ] = NONE,
    publish: Annotated[
        list[str], typer.Option("-p", "--publish", callback=lines, help="[ADDRESS:]PORT:PORT.")
    ] = NONE,
    network: Annotated[str | None, typer.Option(callback=word, help="A network.")] = None,
    entrypoint: Annotated[
        str | None, typer.Option(callback=line, help="Instead of its own.")
    ] = None,
    user: User = None,
    workdir: Workdir = None,
    env: Env = NONE,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Run a one-off container on every host and remove it, or with -it on one host.

    Containers that are to stay belong into the inventory (docker_containers).
    """
    from rackwright.fleetwide.inside import inside
    from rackwright.fleetwide.interactive import enter
    from rackwright.fleetwide.words import run_command

    options = {"name": name, "gpus": gpus, "volume": volume, "publish": publish}
    options |= {"network": network, "entrypoint": entrypoint}
    options |= {"user": user, "workdir": workdir, "env": env}
    words = run_command(image, command or (), options, detach=detach, keep=keep)
    if interactive or tty:
        return enter(inventory, limit, exclude, words, interactive, tty)
    return inside(inventory, limit, exclude, words)
