"""rackwright report: a report that was written, made again and shown."""

import webbrowser
from pathlib import Path
from typing import Final

import click
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from rackwright import exits
from rackwright.report.compare import Difference, differences
from rackwright.report.glance import rows, sentence
from rackwright.report.place import kept, reports
from rackwright.report.record import RunRecord
from rackwright.report.save import render_again
from rackwright.report.table import console, print_table
from rackwright.report.text import plain

PREVIOUS: Final = "previous"


class NoReportError(Exception):
    """There is no such report; the message says where it was looked for."""


def report(
    inventory: str, run: str | None, compare: str | None, folder: str | None, show: bool
) -> int:
    """Show the report of a run (the last one), made again by today's Rackwright.

    `run` and `compare` are names of folders below `folder`; PREVIOUS is the one before. Returns the
    exit code.
    """
    try:
        place = reports(folder)
        if place is None:
            raise NoReportError("reports are off; --report DIR says where they are")
        path, record = _find(place, inventory, run)
        other = _find(place, inventory, compare, before=path) if compare else None
    except NoReportError as error:
        click.echo(f"rackwright: {error}", err=True)
        return exits.SETTINGS
    try:
        render_again(record, path)
    except OSError as error:
        click.echo(f"rackwright: the report could not be made again: {error}", err=True)
    if other:
        _print_differences(differences(other[1], record), other[0].name, path.name)
    else:
        print_table(rows(record), sentence(record))
    page = path / "report.html"
    click.echo(f"Report: {page}")
    if show:
        webbrowser.open(page.resolve().as_uri())
    return 0


def _find(
    place: Path, inventory: str, name: str | None, before: Path | None = None
) -> tuple[Path, RunRecord]:
    paths = kept(place)
    if name == PREVIOUS and before is None:
        before, _ = _find(place, inventory, None)
    if name and name != PREVIOUS:
        paths = [path for path in paths if path.name == name]
    elif before:
        paths = paths[paths.index(before) + 1 :]
    wanted = plain(str(Path(inventory).resolve()))
    for path in paths:
        try:
            record = RunRecord.model_validate_json((path / "report.json").read_bytes())
        except (OSError, ValidationError) as error:
            reason = str(error).splitlines()[0]
            click.echo(f"rackwright: {path}: cannot be read, left out: {reason}", err=True)
            continue
        # A report of an older Rackwright knows only how it was given.
        file = record.inventory and (record.inventory_file or str(Path(record.inventory).resolve()))
        if file == wanted:
            return path, record
    what = f"run {name}" if name else "run"
    raise NoReportError(f"{place} has no report of a {what} of {inventory}")


def _print_differences(found: list[Difference], old: str, new: str) -> None:
    wide = console()
    if found:
        table = Table(expand=False)
        for column in ("host", "what", old, new):
            table.add_column(column)
        for each in found:
            # Text takes a host's words as they are; a plain string would be read as markup.
            table.add_row(*map(Text, (each.host, each.what, each.before, each.after)))
        wide.print(table)
    hosts = len({each.host for each in found})
    said = f"{hosts} host{'s' if hosts != 1 else ''} changed" if found else "Nothing changed"
    wide.print(f"{said} between {old} and {new}.", highlight=False)
