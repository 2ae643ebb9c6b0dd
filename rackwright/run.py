"""What deploy.py stands on: settings, observation and plan of each host, and the final table.

The edge between pyinfra's state and the pure modules.
"""

import atexit
import shlex
import sys
from contextlib import suppress
from dataclasses import dataclass, field

import click
from pyinfra import logger
from pyinfra.api import Host, State
from pyinfra.api.exceptions import DeployError
from rich.console import Console

from rackwright.observed import Observed, ProbeError
from rackwright.openpgp import KeyRefusedError, fetch
from rackwright.plan import Plan, RefusedError, plan
from rackwright.probe import TIMEOUT, Probe, arguments
from rackwright.report import (
    HostResult,
    Outcome,
    conclusion,
    outcome_table,
    plan_lines,
    plan_summary,
)
from rackwright.settings import Settings, SettingsError, parse_fleet


@dataclass
class Run:
    """What a run has learnt so far, by host name."""

    settings: dict[str, Settings]
    plans: dict[str, Plan] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)


_runs: dict[State, Run] = {}


def plan_host(current: Host) -> tuple[Plan, Settings, bool] | None:
    """The plan of one host, its settings, and whether operations need sudo there.

    None when the host is failed: the reason is logged and stands in the final table. Raises
    DeployError with every error of every host when settings are wrong.
    """
    # pyinfra.host stands for another host in every greenlet; sets of hosts need the host itself.
    state = current.state
    host = state.inventory.get_host(current.name)
    run = _run(state)
    settings = run.settings[host.name]
    try:
        observed = _observe(host, settings)
        planned = plan(settings, observed)
        if planned.repository:
            fetch(planned.repository.key_url, planned.repository.fingerprint)
    except RefusedError as error:
        _fail(state, host, run, error.reasons)
        return None
    except (ProbeError, KeyRefusedError) as error:
        _fail(state, host, run, (str(error),))
        return None
    run.plans[host.name] = planned
    click.echo("\n".join(plan_lines(host.name, planned, full=state.check_for_changes)))
    return planned, settings, observed.through_sudo


def results(state: State, run: Run) -> list[HostResult]:
    """How the run ended for every host that it was meant for."""
    return [_result(state, run, host) for host in _hosts(state)]


def _run(state: State) -> Run:
    if state not in _runs:
        fleet = {host.name: host.data.dict() for host in _hosts(state)}
        try:
            _runs[state] = Run(settings=parse_fleet(fleet))
        except SettingsError as error:
            sentences = "".join(f"\n    {sentence}" for sentence in error.errors)
            raise DeployError(
                f"settings that cannot be used; no host was touched:{sentences}"
            ) from None
        atexit.register(print_results, state, _runs[state])
    return _runs[state]


def _hosts(state: State) -> list[Host]:
    return sorted((host for host in state.inventory if state.is_host_in_limit(host)), key=str)


def _observe(host: Host, settings: Settings) -> Observed:
    # With a password, pyinfra's own way to sudo is the only one; it asks, hides and caches it.
    password = bool(host.data.get("_sudo_password") or host.state.config.SUDO_PASSWORD)
    observed = host.get_fact(
        Probe, **arguments(settings), own_sudo=not password, _sudo=password, _timeout=TIMEOUT
    )
    if isinstance(observed, Observed):
        return observed
    raise _with_remedy(observed)


def _with_remedy(error: ProbeError | None) -> ProbeError:
    if error is None:
        return ProbeError("the connection broke while looking at the host; run it again")
    if "sudo" in str(error):
        return ProbeError(
            f"{error}; give the login sudo without a password, or set _sudo_password "
            "(from an environment variable) for this host"
        )
    return error


def _fail(state: State, host: Host, run: Run, reasons: tuple[str, ...]) -> None:
    run.refusals[host.name] = "; ".join(reasons)
    for reason in reasons:
        logger.error(f"{host.print_prefix}{click.style(reason, 'red')}")
    state.fail_hosts({host})


def _result(state: State, run: Run, host: Host) -> HostResult:
    name = host.name
    if host not in state.activated_hosts:
        return HostResult(name, Outcome.UNREACHABLE, "connect", _connect_advice(host))
    if name in run.refusals:
        return HostResult(name, Outcome.FAILED, "plan", run.refusals[name])
    if name not in run.plans:
        return HostResult(name, Outcome.NOT_REACHED, "observe", "the run ended before its turn")
    planned = run.plans[name]
    if planned.empty:
        return HostResult(name, Outcome.UNCHANGED)
    if not state.is_executing:
        outcome = Outcome.PLANNED if planned.changes else Outcome.UNCHANGED
        return HostResult(name, outcome, detail=plan_summary(planned))
    return _executed(state, host, planned)


def _executed(state: State, host: Host, planned: Plan) -> HostResult:
    for op_hash in host.op_hash_order:
        done = state.ops[host][op_hash].operation_meta
        if done.is_complete() and done.did_succeed():
            continue
        step = ", ".join(state.get_op_meta(op_hash).names)
        if not done.is_complete():
            return HostResult(host.name, Outcome.NOT_REACHED, step, "the run ended before it")
        said = "\n".join((done.stderr_lines or done.stdout_lines)[-3:])
        return HostResult(host.name, Outcome.FAILED, step, said or "the connection broke")
    outcome = Outcome.CHANGED if planned.changes else Outcome.UNCHANGED
    return HostResult(host.name, outcome, detail=plan_summary(planned))


def _connect_advice(host: Host) -> str:
    data = host.data.dict()
    words = ["ssh"]
    if data.get("ssh_key"):
        words += ["-i", str(data["ssh_key"])]
    if data.get("ssh_port"):
        words += ["-p", str(data["ssh_port"])]
    user = f"{data['ssh_user']}@" if data.get("ssh_user") else ""
    words.append(f"{user}{data.get('ssh_hostname', host.name)}")
    return f"could not log in (the reason stands above); try: {shlex.join(words)}"


def print_results(state: State, run: Run) -> None:
    """Print the table of all hosts; called when the process ends, however it ends."""
    rows = results(state, run)
    # Wide enough for a sentence when the output goes to a file or a pipe.
    console = Console() if sys.stdout.isatty() else Console(width=140)
    # rich ends the process when the reader of a pipe is gone; it is ending already.
    with suppress(SystemExit):
        console.print()
        console.print(outcome_table(rows))
        console.print(conclusion(rows), highlight=False)
