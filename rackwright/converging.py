"""plan and apply: what would be changed on hosts, and what is."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import click
import typer

from rackwright import exits
from rackwright.drift import drifted
from rackwright.pace.converge import Converge
from rackwright.pace.fleet import Fleet, Request, fleet
from rackwright.pace.task import load_task
from rackwright.report.lines import plan_lines
from rackwright.report.outcome import WRONG, HostResult, Outcome
from rackwright.settings import SettingsError


@dataclass(frozen=True)
class Chosen:
    """What is run: a deploy file, or MODULE.FUNCTION with its arguments, each KEY=VALUE."""

    task: str
    arguments: Sequence[str] = ()


def plan_hosts(request: Request, chosen: Chosen, *, detailed: bool) -> int:
    """Show what would be changed, and change nothing; returns the exit code.

    With `detailed`, changes that are pending make it exits.DRIFT.
    """
    try:
        hosts = fleet(request)
        hosts.work(_converge(hosts, chosen).plan)
    except SettingsError as error:
        return wrong(error)
    if not request.json:
        _show_plans(hosts)
    pending = detailed and _pending(hosts)
    return _finish(hosts, request, _code(hosts) or (exits.DRIFT if pending else 0))


def apply_hosts(request: Request, chosen: Chosen, *, yes: bool) -> int:
    """Show what would be changed, ask, and change it; returns the exit code.

    With `yes` nobody is asked, and no host waits for another one's plan.
    """
    try:
        if request.json and not yes:
            raise SettingsError(["--json is for machines, which cannot be asked: add --yes"])
        hosts = fleet(request)
        converge = _converge(hosts, chosen)
        refused = False
        if yes:
            hosts.work(converge.apply)
        else:
            refused = not _asked_and_applied(hosts, converge)
    except SettingsError as error:
        return wrong(error)
    return _finish(hosts, request, exits.REFUSED if refused else _code(hosts))


def exit_code(rows: Sequence[HostResult], guarded: Set[str]) -> int:
    """What hosts that are not right make of the exit code.

    exits.REFUSED when a guard held back all of them, else exits.FAILED; 0 when there is none.
    """
    names = {row.host for row in rows if row.outcome in WRONG}
    if names - guarded:
        return exits.FAILED
    return exits.REFUSED if names else 0


def _code(hosts: Fleet) -> int:
    return exit_code(hosts.rows, hosts.run.guarded)


def wrong(error: SettingsError) -> int:
    """Say what is wrong with settings, inventory or command line; returns the exit code."""
    click.echo("\n".join(error.errors), err=True)
    return exits.SETTINGS


def _converge(hosts: Fleet, chosen: Chosen) -> Converge:
    return Converge(hosts, load_task(hosts.state, chosen.task, chosen.arguments))


def _asked_and_applied(hosts: Fleet, converge: Converge) -> bool:
    """Whether somebody said yes, or there was nothing to ask for."""
    hosts.work(converge.plan)
    _show_plans(hosts)
    ill = {row.host: row for row in hosts.rows if row.outcome in WRONG}
    pending = [host for host in hosts.hosts if host.name not in ill and converge.pending(host)]
    if not pending or hosts.engine.stopping:
        return True
    if ill:
        from rackwright.report.table import console, outcome_table

        console().print(outcome_table(ill.values()))
    count = f"{len(pending)} host{'s' if len(pending) != 1 else ''}"
    try:
        said = typer.confirm(f"Make these changes on {count}?")
    except typer.Abort:  # nobody is there to answer, or Ctrl-C was the answer
        click.echo("\nNobody said yes; --yes says it beforehand.", err=True)
        said = False
    if not said:
        click.echo("Nothing was changed.", err=True)
        return False
    hosts.work_again(converge.carry_out, pending)
    return True


def _show_plans(hosts: Fleet) -> None:
    for name, planned in sorted(hosts.run.plans.items()):
        click.echo("\n".join(plan_lines(name, planned, full=True)))


def _pending(hosts: Fleet) -> bool:
    planned = any(drifted(plan) for plan in hosts.run.plans.values())
    return planned or any(row.outcome is Outcome.PLANNED for row in hosts.rows)


def _finish(hosts: Fleet, request: Request, code: int) -> int:
    """Print the table, write the report, and return the exit code."""
    # Imported by now, where any host was connected: rackwright/pace/meanwhile.py.
    from rackwright.report.ending import end, end_as_json
    from rackwright.report.table import conclusion

    rows = hosts.rows
    if request.json:
        end_as_json(hosts.state, hosts.run, rows, exit_code=code, folder=request.report)
        return code
    sentence = conclusion(rows, "rackwright apply INVENTORY makes the changes")
    end(hosts.state, hosts.run, rows, sentence, exit_code=code, folder=request.report)
    return code
