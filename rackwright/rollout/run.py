"""rollout: a task for a fleet, wave after wave; each is found fit before the next begins."""

from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Final

import click
import gevent
import typer
from rich.table import Table
from rich.text import Text

from rackwright import exits
from rackwright.converging import Chosen, exit_code, wrong
from rackwright.laptop.who import shown
from rackwright.pace.converge import Converge
from rackwright.pace.fleet import Fleet, Request, fleet
from rackwright.pace.interrupt import interruptible
from rackwright.pace.task import load_task
from rackwright.report.ending import end
from rackwright.report.outcome import WRONG, HostResult, Outcome
from rackwright.report.table import conclusion, console
from rackwright.rollout.host import Rolled
from rackwright.rollout.record import Rollout, begin, digest, place, taken_up
from rackwright.rollout.waves import plan_waves
from rackwright.settings import SettingsError
from rackwright.settings.host_lock import HostLockSettings
from rackwright.settings.pace import PaceSettings

# Settings that say how long somebody is waited for, and nothing of what is done.
PATIENCE: Final = frozenset(
    (*PaceSettings.model_fields, *HostLockSettings.model_fields, "docker_apt_timeout")
)
PAUSED: Final = 0.5  # seconds between two looks at whether a pause was ended by Ctrl-C


@dataclass(frozen=True)
class Rules:
    """How a rollout goes: its waves as they were written, and when it stops.

    `spread` says that no two hosts of a rack are in the same wave. In seconds: `pause` is
    between waves, `settle` what containers have to run again. `resume` goes on with the rollout
    that stands in the record.
    """

    waves: str
    spread: bool
    max_failures: int
    pause: int
    settle: int
    resume: bool


def roll_out(request: Request, chosen: Chosen, rules: Rules, *, dry: bool, yes: bool) -> int:
    """Show the waves, ask, and change the hosts wave by wave; returns the exit code.

    With `dry`, the waves are shown, and no host is touched. With `yes` nobody is asked.
    """
    try:
        hosts = fleet(request)
        converge = Converge(hosts, load_task(hosts.state, chosen.task, chosen.arguments))
        file = place(request.inventory, request.report)
        rollout = _rollout(hosts, request, chosen, rules, file)
        console().print(_table(rollout))
        if dry:
            return 0
        if not (yes or _confirmed(rollout)):
            return exits.REFUSED
        stopped = _in_waves(hosts, converge, rollout, rules, file)
    except SettingsError as error:
        return wrong(error)
    code = exit_code(hosts.rows, hosts.run.guarded)
    sentence = stopped or conclusion(hosts.rows)
    end(hosts.state, hosts.run, hosts.rows, sentence, exit_code=code, folder=request.report)
    return code


def _rollout(hosts: Fleet, request: Request, chosen: Chosen, rules: Rules, file: Path) -> Rollout:
    names = [host.name for host in hosts.hosts]
    racks = {host.name: host.data.get("rack") for host in hosts.hosts}
    racked = {name: str(rack) for name, rack in racks.items() if rack is not None}
    if rules.spread and not racked:
        raise SettingsError(["--spread rack: none of these hosts has a `rack` in its data"])
    try:
        waves = plan_waves(names, rules.waves, racked if rules.spread else None)
    except ValueError as error:
        raise SettingsError([f"--waves {error}"]) from None
    inventory = str(Path(request.inventory).resolve())
    data = dict(word.split("=", 1) for word in request.data)
    said = sorted(f"{key}={value}" for key, value in data.items() if key not in PATIENCE)
    wanted = Rollout(
        inventory=inventory,
        task=chosen.task,
        arguments=tuple(map(shown, chosen.arguments)),
        digest=digest(inventory, [*chosen.arguments, *said]),
        written=rules.waves,
        spread="rack" if rules.spread else "",
        waves=tuple(waves),
    )
    return taken_up(file, wanted) if rules.resume else wanted


def _in_waves(hosts: Fleet, converge: Converge, rollout: Rollout, rules: Rules, file: Path) -> str:
    """Why it stopped before its end, and how it goes on; "" when it did not."""
    begin(rollout, file)
    by_name = {host.name: host for host in hosts.hosts}
    for name in rollout.done:
        done = HostResult(name, Outcome.DONE, detail="in an earlier run of this rollout")
        hosts.courses[name].result = done
    rolled = Rolled(converge, rollout, file, rules.settle)
    left = rollout.left
    for position, (number, wave) in enumerate(left):
        if position:
            _pause(hosts, rules.pause)
        if hosts.engine.stopping:
            break
        click.echo(f"Wave {number} of {len(rollout.waves)}: {', '.join(wave)}", err=True)
        hosts.work(rolled.roll, [by_name[name] for name in wave])
        if _failures(hosts) >= rules.max_failures:
            break
    return _standing(hosts, rollout)


def _standing(hosts: Fleet, rollout: Rollout) -> str:
    left = rollout.left
    if not left:
        return ""
    failed = [row.host for row in hosts.rows if row.outcome in WRONG and _began(hosts, row.host)]
    untouched = 0
    for number, wave in left:
        for name in wave:
            if not _began(hosts, name):
                untouched += 1
                waits = f"its wave ({number} of {len(rollout.waves)}) did not begin"
                hosts.courses[name].result = HostResult(name, Outcome.NOT_REACHED, detail=waits)
    why = "it was interrupted" if hosts.engine.stopping else f"{', '.join(failed)} failed"
    return (
        f"The rollout stands at wave {left[0][0]} of {len(rollout.waves)}: {why}, {untouched} "
        "untouched. Mend what the table names; the same command with --resume goes on from here."
    )


def _began(hosts: Fleet, name: str) -> bool:
    return hosts.courses[name].result is not None


def _failures(hosts: Fleet) -> int:
    results = [course.result for course in hosts.courses.values()]
    return sum(result is not None and result.outcome in WRONG for result in results)


def _pause(hosts: Fleet, seconds: int) -> None:
    until = monotonic() + seconds
    with interruptible(hosts.engine.stop):
        while not hosts.engine.stopping and monotonic() < until:
            gevent.sleep(PAUSED)


def _confirmed(rollout: Rollout) -> bool:
    count = sum(len(wave) for _, wave in rollout.left)
    task = " ".join([rollout.task, *rollout.arguments])
    try:
        said = typer.confirm(f"Run {task} on {count} host{'s' if count != 1 else ''}?")
    except typer.Abort:  # nobody is there to answer
        click.echo("\nNobody said yes; --yes says it beforehand.", err=True)
        said = False
    if not said:
        click.echo("Nothing was changed.", err=True)
    return said


def _table(rollout: Rollout) -> Table:
    table = Table("wave", "hosts", "")
    for number, wave in enumerate(rollout.waves, start=1):
        done = [name for name in wave if name in rollout.done]
        note = "done" if len(done) == len(wave) else f"{len(done)} done" if done else ""
        table.add_row(str(number), Text(", ".join(wave)), note)
    return table
