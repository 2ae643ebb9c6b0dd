"""Lists of images and containers of all hosts."""

import json
from collections.abc import Iterable, Mapping, Sequence

import click
from pyinfra.api import Host

from rackwright.fleetwide.asked import Listing
from rackwright.fleetwide.formats import FORMATS, Row, for_host, is_template, table, text
from rackwright.fleetwide.hosts import Fleet, fleet, wrong
from rackwright.fleetwide.sizes import human, parse_size
from rackwright.host.remote import run
from rackwright.report.outcome import Outcome
from rackwright.report.table import console
from rackwright.settings import SettingsError


def list_fleet(
    inventory: str, limit: Sequence[str], exclude: Sequence[str], asked: Listing, form: str
) -> int:
    """Print a list; returns the exit code of `rackwright images` and `rackwright containers`.

    Anything but the table is all that goes to standard output; what failed goes beside it.
    """
    try:
        if form not in FORMATS and not is_template(form):
            raise SettingsError([f"--format {form}: write {', '.join(FORMATS)} or a Go template"])
        if form.startswith("table "):
            mended = f"--format {form}: leave out the word table, and begin with {{{{.Host}}}}"
            raise SettingsError([f"{mended}; else each host has a heading, and none its name"])
        with fleet(inventory, limit, exclude) as hosts:
            if form in FORMATS:
                found = hosts.ask(lambda host: _rows(host, asked))
                return _show(hosts, asked, found, form)
            lines = hosts.ask(lambda host: run(host, asked.shell(for_host(form, host.name))))
            click.echo("".join(f"{line}\n" for each in lines.values() for line in each), nl=False)
            return _failures(hosts, lines)
    except SettingsError as error:
        return wrong(error)


def _rows(host: Host, asked: Listing) -> list[Row]:
    lines = run(host, asked.shell(asked.row))
    return [{"Host": host.name, **json.loads(line)} for line in lines]


def _show(hosts: Fleet, asked: Listing, found: Mapping[str, list[Row]], form: str) -> int:
    rows = [row for name in found for row in found[name]]
    if form != "table":
        click.echo(text(rows, form), nl=False)
        return _failures(hosts, found)
    for name, its in found.items():
        hosts.over(name, Outcome.DONE, asked.summary(its))
    if rows:
        console().print(table(rows, asked.columns))
    total = sum(parse_size(row.get("Size", "")) for row in _once(rows))
    return hosts.finish(f"{human(total)} in all" if "size" in asked.columns else "")


def _once(rows: Iterable[Row]) -> Iterable[Row]:
    return {(row["Host"], row["ID"]): row for row in rows}.values()


def _failures(hosts: Fleet, answered: Iterable[str]) -> int:
    for name in answered:
        hosts.over(name, Outcome.DONE)
    hosts.tell_failures()
    return hosts.code
