"""history: what was changed on all hosts, by whom, as their own logs tell."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click
from rich.table import Table
from rich.text import Text

from rackwright.fleetwide.hosts import fleet, wrong
from rackwright.host.remote import run
from rackwright.host_lock.audit import CURRENT, OLDER, read
from rackwright.report.outcome import Outcome
from rackwright.report.table import console
from rackwright.report.text import plain
from rackwright.settings import SettingsError

COLUMNS: Final = ("when", "host", "who", "task", "what", "from", "to", "result")
Entry = Mapping[str, Any]


def history(
    inventory: str, limit: Sequence[str], exclude: Sequence[str], last: int, as_json: bool
) -> int:
    """Print the last changes of each host, oldest first; returns the exit code of the command."""
    # A change has two lines: planned, and what became of it.
    shell = shlex.join(["cat", OLDER, CURRENT]) + f" 2>/dev/null | tail -n {2 * last}"
    try:
        with fleet(inventory, limit, exclude) as hosts:
            found = hosts.ask(lambda host: read(run(host, shell))[-last:])
            entries = _together(found)
            for name, its in found.items():
                changes = f"{len(its)} change{'s' if len(its) != 1 else ''}"
                hosts.over(name, Outcome.DONE, changes if its else "nothing is in its log")
            if as_json:
                click.echo(json.dumps(entries, indent=2))
                hosts.tell_failures()
                return hosts.code
            console().print(log_table(entries))
            return hosts.finish()
    except SettingsError as error:
        return wrong(error)


def _together(found: Mapping[str, Sequence[Entry]]) -> list[Entry]:
    entries = [{"host": name, **entry} for name, its in found.items() for entry in its]
    return sorted(entries, key=lambda entry: str(entry["when"]))


def log_table(entries: Sequence[Entry]) -> Table:
    shown = Table(*COLUMNS)
    for entry in entries:
        # Text takes a host's words as they are; a plain string would be read as markup.
        shown.add_row(*(Text(plain(str(entry.get(name, "")))) for name in COLUMNS))
    return shown
