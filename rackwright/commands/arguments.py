"""What several commands take on their command line, and how it is checked.

Imports nothing but typer, so that --help stays quick.
"""

import re
from typing import Annotated, Final

import typer


def word(value: str | None) -> str | None:
    """A name, an ID or a reference that can be no option and no second line on a host.

    Returns it. Raises typer.BadParameter.
    """
    if value is not None and (not re.fullmatch(r"[!-~]+", value) or value.startswith("-")):
        raise typer.BadParameter(
            f"{value!r} is no name: write one word of ASCII characters, and no - in front"
        )
    return value


def words(values: list[str] | None) -> list[str] | None:
    """As word(), for each of them."""
    for value in values or ():
        word(value)
    return values


def image_name(value: str) -> str:
    """The name or ID of an image. Returns it as it was; raises typer.BadParameter."""
    from rackwright.settings.references import reference, repository

    word(value)
    name, at, digest = value.partition("@")
    try:
        if at or not re.fullmatch(r"[0-9a-f]{64}", name):
            name = reference(name)
        if at:  # a tag may stand before it, which Docker does not look at
            reference(f"{repository(name)}@{digest}")
    except ValueError as error:
        raise typer.BadParameter(f"{value!r}: {error}") from None
    return value


def new_name(value: str) -> str:
    """A name that an image can get. Returns it as Docker shows it; raises typer.BadParameter."""
    from rackwright.settings.references import tag

    word(value)
    try:
        return tag(value)
    except ValueError as error:
        raise typer.BadParameter(f"{value!r}: {error}") from None


def line(value: str | None) -> str | None:
    """A text on one line. Returns it; raises typer.BadParameter."""
    if value is not None and re.search(r"[\x00-\x1f\x7f]", value):
        raise typer.BadParameter(f"{value!r} holds a newline or another control character")
    return value


def lines(values: list[str] | None) -> list[str] | None:
    """As line(), for each of them."""
    for value in values or ():
        line(value)
    return values


def pairs(values: list[str] | None) -> list[str] | None:
    """KEY=VALUE, each on one line. Returns them; raises typer.BadParameter."""
    for value in values or ():
        line(value)
        if not re.match(r"[A-Za-z_][\w.-]*!?=", value):
            raise typer.BadParameter(f"{value!r}: write KEY=VALUE")
    return values


def seconds(value: str) -> str:
    """The seconds in "90m", as a text. Raises typer.BadParameter."""
    found = re.fullmatch(r"(\d+)([smhd])", value)
    if not found:
        raise typer.BadParameter(f"{value!r}: write a number and s, m, h or d, as in 7d")
    return str(int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]])


def with_lock(data: list[str], wait: int, break_lock: bool) -> list[str]:
    """Settings KEY=VALUE, with those that --wait and --break-lock stand for."""
    said = {"docker_lock_wait": wait, "docker_lock_break": break_lock and "true"}
    return [*data, *(f"{name}={value}" for name, value in said.items() if value)]


Inventory = Annotated[str, typer.Argument(help="An inventory file, as pyinfra takes it.")]
Limit = Annotated[
    list[str], typer.Option(metavar="HOST", help="Only these hosts or groups; may hold * and ?.")
]
Exclude = Annotated[
    list[str], typer.Option(metavar="HOST", help="Not these hosts or groups; may hold * and ?.")
]
HostName = Annotated[str, typer.Argument(callback=word, help="A host of the inventory.")]
Container = Annotated[str, typer.Argument(callback=word, help="Name or ID of a container.")]
Containers = Annotated[
    list[str],
    typer.Argument(metavar="CONTAINER...", callback=words, help="Names or IDs of containers."),
]
Filter = Annotated[
    list[str],
    typer.Option(
        "-f", "--filter", metavar="KEY=VALUE", callback=pairs, help="As Docker's own --filter."
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        callback=line,
        help="table, json, csv, or a Go template as Docker's own, with {{.Host}} besides.",
    ),
]
NoTrunc = Annotated[bool, typer.Option("--no-trunc", help="Whole IDs.")]
Env = Annotated[
    list[str],
    typer.Option("-e", "--env", metavar="KEY=VALUE", callback=pairs, help="No place for secrets."),
]
User = Annotated[str | None, typer.Option("-u", "--user", callback=word, help="NAME or UID[:GID].")]
Workdir = Annotated[
    str | None, typer.Option("-w", "--workdir", callback=line, help="A folder in the container.")
]
Interactive = Annotated[
    bool, typer.Option("-i", "--interactive", help="Pass your input on; for one host.")
]
Terminal = Annotated[bool, typer.Option("-t", "--tty", help="With a terminal; for one host.")]
Wait = Annotated[
    int,
    typer.Option("--wait", metavar="SECONDS", min=0, help="Wait for a run on a host."),
]
BreakLock = Annotated[
    bool, typer.Option("--break-lock", help="Take hosts from another run, and end its connection.")
]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask: for scripts.")]
Report = Annotated[
    str | None,
    typer.Option(
        "--report",
        metavar="DIR",
        help="Where the report goes, instead of RACKWRIGHT_REPORTS; off: nowhere.",
    ),
]

EVERY: Final[list[str]] = []
NONE: Final[list[str]] = []
