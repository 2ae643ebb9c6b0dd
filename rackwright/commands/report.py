"""report: what a run left behind."""

from typing import Annotated

import typer

from rackwright.commands import add
from rackwright.commands.arguments import Inventory, word


def register(app: typer.Typer) -> None:
    """Add the command."""
    add(app, report, "report inventory/lab.py --compare previous")


def report(
    inventory: Inventory,
    run: Annotated[
        str | None,
        typer.Option(
            callback=word, metavar="RUN", help="A folder of reports/, or `previous`; the last one."
        ),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(
            callback=word, metavar="RUN", help="What changed since another run, or `previous`."
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    folder: Annotated[
        str | None,
        typer.Option(
            "--report", metavar="DIR", help="Where reports are, instead of RACKWRIGHT_REPORTS."
        ),
    ] = None,
) -> int:
    """Show the report of the last run again."""
    from rackwright.report.again import report as again

    return again(inventory, run, compare, folder, show)
