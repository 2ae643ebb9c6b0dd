"""The end of a run: the table of all hosts, what to do next, and the report."""

import atexit
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec

import click
from pyinfra.api import State

from rackwright.pace.interrupt import leave_on_signals
from rackwright.report.outcome import HostResult
from rackwright.report.place import reports
from rackwright.report.record import RunRecord
from rackwright.report.recorded import recorded
from rackwright.report.save import save
from rackwright.report.table import conclusion, print_table
from rackwright.results import results
from rackwright.run import Run

Arguments = ParamSpec("Arguments")


def at_the_end(
    do: Callable[Arguments, None], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> None:
    """Call a function when pyinfra's own command ends, which has no hook for that."""
    atexit.register(do, *args, **kwargs)
    leave_on_signals()


def end_of_run(state: State, run: Run) -> None:
    """End a run of pyinfra's own command; called when the process ends, however it ends."""
    rows = results(state, run)
    end(state, run, rows, conclusion(rows))


def end(
    state: State,
    run: Run,
    rows: Sequence[HostResult],
    sentence: str,
    *,
    exit_code: int | None = None,
    folder: str | None = None,
) -> None:
    """Print the table and the sentence, and write the report.

    `folder` is what --report says: where reports go, or "off".
    """
    print_table(rows, sentence)
    write(state, run, rows, exit_code=exit_code, folder=folder)


def write(
    state: State,
    run: Run,
    rows: Sequence[HostResult],
    *,
    exit_code: int | None = None,
    folder: str | None = None,
) -> None:
    """Write the report of a run, and say where it is; a full disk is told, and ends nothing."""
    if place := reports(folder):
        _keep(recorded(state, run, rows, exit_code), place)


def end_as_json(
    state: State, run: Run, rows: Sequence[HostResult], *, exit_code: int, folder: str | None
) -> None:
    """Print the record of a run for a machine, and nothing else, and write the report."""
    record = recorded(state, run, rows, exit_code)
    click.echo(record.model_dump_json(indent=1))
    if place := reports(folder):
        _keep(record, place, err=True)


def _keep(record: RunRecord, place: Path, *, err: bool = False) -> None:
    try:
        written = save(record, place)
    except OSError as error:
        click.echo(f"rackwright: the report could not be written: {error}", err=True)
    else:
        click.echo(f"Report: {written}", err=err)
