"""The drift check, under pyinfra's command (tasks/check.py) and under our own. Changes nothing."""

from collections.abc import Sequence, Set
from threading import Lock

import click
from pyinfra.api import Host, State
from pyinfra.api.exceptions import DeployError

from rackwright import exits
from rackwright.drift import drift_conclusion, drift_lines, drift_row, drifted
from rackwright.host.error import HostError, RefusedError
from rackwright.host_plan import look
from rackwright.look.observed import ProbeError
from rackwright.pace.course import LOOK, Course
from rackwright.pace.fleet import Request, fleet
from rackwright.plan import Plan
from rackwright.report.ending import at_the_end, end_as_json, write
from rackwright.report.outcome import HostResult, Outcome
from rackwright.report.table import print_table
from rackwright.results import connect_advice
from rackwright.run import Run, hosts_of, new_run
from rackwright.settings import SettingsError

# What each host's comparison gave, by name: its plan, or why there is none.
Found = dict[str, Plan | HostError]
_checks: dict[State, tuple[Run, Found]] = {}
_starting = Lock()


def check_host(current: Host) -> None:
    """Compare one host under pyinfra's command: print what differs, and fail the host if it does.

    Raises DeployError with every error of every host when settings are wrong.
    """
    state = current.state
    host = state.inventory.get_host(current.name)
    run, found = _check_of(state)
    try:
        found[host.name] = plan = _compare(host, run)
        click.echo("\n".join(drift_lines(host.name, plan)), nl=drifted(plan))
        failed = drifted(plan)
    except HostError as error:
        found[host.name] = error
        failed = True
    if failed:
        state.fail_hosts({host})


def check_fleet(request: Request) -> int:
    """Compare all hosts of a request; returns the exit code of `rackwright check`."""
    try:
        hosts = fleet(request, converges=False)
    except SettingsError as error:
        click.echo("\n".join(error.errors), err=True)
        return exits.SETTINGS

    def compare(host: Host, course: Course) -> HostResult:
        course.at(LOOK)
        hosts.run.plans[host.name] = plan = _compare(host, hosts.run)
        return drift_row(host.name, plan)

    hosts.work(compare)
    rows = hosts.rows
    code = _exit_code({row.outcome for row in rows})
    if request.json:
        end_as_json(hosts.state, hosts.run, rows, exit_code=code, folder=request.report)
        return code
    for name, plan in sorted(hosts.run.plans.items()):
        if drifted(plan):
            click.echo("\n".join(drift_lines(name, plan)))
    _conclude(rows)
    write(hosts.state, hosts.run, rows, exit_code=code, folder=request.report)
    return code


def _exit_code(outcomes: Set[Outcome]) -> int:
    if outcomes - {Outcome.UNCHANGED, Outcome.DRIFTED}:
        return exits.FAILED
    return exits.DRIFT if Outcome.DRIFTED in outcomes else 0


def _compare(host: Host, run: Run) -> Plan:
    try:
        run.plans[host.name] = plan = look(host, run, anew=True)[0]
    except (ProbeError, RefusedError) as error:
        raise HostError(str(error)) from None
    return plan


def _check_of(state: State) -> tuple[Run, Found]:
    with _starting:  # every host asks at the same moment, and a password may take a while
        return _begun(state)


def _begun(state: State) -> tuple[Run, Found]:
    if state not in _checks:
        try:
            _checks[state] = (new_run(state, {}), {})
        except SettingsError as error:
            sentences = "".join(f"\n    {sentence}" for sentence in error.errors)
            raise DeployError(f"settings that cannot be used:{sentences}") from None
        at_the_end(_end, state, *_checks[state])
    return _checks[state]


def _end(state: State, run: Run, found: Found) -> None:
    rows = _rows(state, found)
    _conclude(rows)
    write(state, run, rows)


def _rows(state: State, found: Found) -> list[HostResult]:
    return [_row(state, host, found.get(host.name)) for host in hosts_of(state)]


def _row(state: State, host: Host, found: Plan | HostError | None) -> HostResult:
    if isinstance(found, Plan):
        return drift_row(host.name, found)
    if isinstance(found, HostError):
        return HostResult(host.name, Outcome.FAILED, detail=str(found))
    if host not in state.activated_hosts:
        return HostResult(host.name, Outcome.UNREACHABLE, detail=connect_advice(host))
    return HostResult(host.name, Outcome.NOT_REACHED, detail="the run ended before its turn")


def _conclude(rows: Sequence[HostResult]) -> None:
    if all(row.outcome is Outcome.UNCHANGED for row in rows):
        click.echo(drift_conclusion(rows))
    else:
        print_table(rows, drift_conclusion(rows))
