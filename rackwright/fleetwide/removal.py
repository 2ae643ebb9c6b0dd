"""rm, rmi and prune: show what goes, ask, and remove exactly that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import click
import typer
from pyinfra.api import Host

from rackwright import exits
from rackwright.fleetwide.choice import Choice, Removal
from rackwright.fleetwide.hosts import Fleet, fleet, wrong
from rackwright.fleetwide.removals import removal_shell, summary, what_goes
from rackwright.fleetwide.survey import Survey, parse_survey, survey_command
from rackwright.host.remote import run
from rackwright.host_lock.hold import Hold, asked
from rackwright.report.outcome import Outcome
from rackwright.report.table import console
from rackwright.settings import SettingsError

PATIENCE = 600  # seconds; large images take their time


@dataclass(frozen=True)
class Request:
    """What to look for on each host, how to choose from it, and flags of Docker's by kind."""

    choose: Callable[[Survey], Choice]
    images: Sequence[str] = ()
    cache: bool = False
    flags: Mapping[str, Sequence[str]] | None = None


def remove(
    inventory: str,
    limit: Sequence[str],
    exclude: Sequence[str],
    request: Request,
    hold: Hold,
    yes: bool,
) -> int:
    """Remove what the request chooses on all hosts; returns the exit code of the command.

    `hold` is how hosts are held meanwhile. A host where anything must not go keeps all of it, and
    is failed. Everything is asked for once, unless `yes` was said already.
    """
    try:
        with fleet(inventory, limit, exclude) as hosts:
            going = _going(hosts, request)
            if not going:
                return hosts.finish("nothing was removed")
            hosts.tell_failures()  # they are left out, which is to be known before the answer
            console().print(what_goes(going))
            if not (yes or _confirmed(going)):
                click.echo("Nothing was removed.", err=True)
                return exits.REFUSED

            def work(host: Host) -> str:
                removals = going[host.name]
                run(host, _shell(removals, request, hold), PATIENCE + hold.wait)
                return f"{summary(removals)} removed"

            return hosts.do(work)
    except SettingsError as error:
        return wrong(error)


def _shell(removals: Sequence[Removal], request: Request, hold: Hold) -> str:
    # The note of a container says what it is, that of others what becomes of them.
    changes = [
        asked(
            "remove",
            f"{each.kind} {each.name}",
            "removed",
            each.note if each.kind == "container" else "",
        )
        for each in removals
    ]
    return hold.around(removal_shell(removals, request.flags or {}), changes)


def _going(hosts: Fleet, request: Request) -> dict[str, tuple[Removal, ...]]:
    look = survey_command(request.images, request.cache)
    found = hosts.ask(
        lambda host: request.choose(parse_survey(run(host, look, PATIENCE), request.images))
    )
    for name, choice in found.items():
        if choice.refusals:
            hosts.over(name, Outcome.FAILED, "\n".join(choice.refusals))
        elif not choice.removals:
            missing = f"not there: {', '.join(choice.missing)}" if choice.missing else ""
            hosts.over(name, Outcome.UNCHANGED, missing or "nothing to remove")
    return {name: each.removals for name, each in found.items() if name not in hosts.results}


def _confirmed(going: Mapping[str, Sequence[Removal]]) -> bool:
    things = summary([each for its in going.values() for each in its])
    hosts = f"{len(going)} host{'s' if len(going) != 1 else ''}"
    try:
        return typer.confirm(f"Remove {things} from {hosts}?")
    except typer.Abort:  # nobody is there to answer
        click.echo("\nNobody answered; --yes says it beforehand.", err=True)
        return False
