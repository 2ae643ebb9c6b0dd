"""The rackwright command: what a fleet needs and pyinfra's own command does not do."""

import gc

import typer

from rackwright import exits
from rackwright.commands import (
    archive,
    control,
    converge,
    gpu,
    history,
    hosts,
    inside,
    listing,
    removal,
    report,
    rollout,
    tag,
)
from rackwright.laptop.streams import outliving_readers

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Docker and GPU hosts, many at a time, each at its own pace.",
    epilog="Exit codes: 0 all is well, 2 drift or pending changes, 3 some hosts failed, 4 the "
    "settings are wrong, 5 refused: nobody said that it may be done.",
)
FAMILIES = (
    converge,
    rollout,
    hosts,
    gpu,
    report,
    history,
    listing,
    inside,
    control,
    archive,
    tag,
    removal,
)
for family in FAMILIES:
    family.register(app)


def main() -> int:
    """Run the command line; returns the exit code."""
    # The objects that start-up makes, a hundred thousand, are no garbage; looking for it took time.
    gc.set_threshold(200_000)
    with outliving_readers():
        return _run()


def _run() -> int:
    try:
        return int(app(prog_name="rackwright", standalone_mode=False) or 0)
    except typer.TyperException as error:
        # typer's own code for a wrong command line is 2, which means drift here.
        typer.echo(f"rackwright: {error.format_message()}", err=True)
        return exits.SETTINGS
    except typer.Abort:
        typer.echo("rackwright: interrupted", err=True)
        return exits.FAILED
