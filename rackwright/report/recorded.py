"""The record of a run, from pyinfra's state, what the run learnt, and the row of every host.

The edge between pyinfra's state and the report.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from pyinfra.api import HiddenValue, Host, State
from pyinfra.context import ctx_host

from rackwright.drift import drifted
from rackwright.laptop import who
from rackwright.laptop.inventory_file import inventory_file
from rackwright.report.clock import CONNECT, LOOK
from rackwright.report.facts import changes, containers, facts
from rackwright.report.lines import plan_summary
from rackwright.report.outcome import WRONG, HostResult, Outcome
from rackwright.report.record import (
    ErrorRecord,
    HostRecord,
    RunRecord,
    StepRecord,
    StepResult,
)
from rackwright.report.text import hiding
from rackwright.run import Run

_PASSWORDS: Final = ("ssh_password", "ssh_key_password", "_sudo_password")


def recorded(
    state: State, run: Run, rows: Sequence[HostResult], exit_code: int | None = None
) -> RunRecord:
    """The record of a run; a host of the inventory that has no row was not asked."""
    by_name = {row.host: row for row in rows}
    file = inventory_file(state)
    hosts = sorted(state.inventory, key=str)
    record = RunRecord(
        id=run.holder.run,
        rackwright=version("rackwright"),
        command=who.command_line(),
        inventory=str(file or ""),
        inventory_file=str(file.resolve()) if file else "",
        who=who.user(),
        where=who.machine(),
        started=run.started,
        finished=datetime.now(UTC),
        exit_code=exit_code,
        hosts=tuple(_host(state, run, host, by_name.get(host.name)) for host in hosts),
    )
    return RunRecord.model_validate(record.model_dump(), context=hiding(_secrets(state, run)))


def _host(state: State, run: Run, host: Host, row: HostResult | None) -> HostRecord:
    name = host.name
    groups = tuple(group for group in dict.fromkeys(host.groups) if group != "all")
    if row is None:
        return HostRecord(name=name, groups=groups, outcome=Outcome.NOT_ASKED)
    plan, seen = run.plans.get(name), run.seen.get(name)
    steps = tuple(_steps(state, run, host))
    wrong = row.outcome in WRONG
    # What a task wants besides is no setting of the host's, and a purge asks for none.
    compared = plan and plan.compared and not run.wanted
    return HostRecord(
        name=name,
        groups=groups,
        outcome=row.outcome,
        summary=plan_summary(plan) if plan else "",
        drifted=drifted(plan) if plan and compared else None,
        changes=changes(plan) if plan else (),
        notes=plan.notes if plan else (),
        steps=steps,
        seconds=round(sum(step.seconds or 0 for step in steps), 3) if steps else None,
        error=ErrorRecord(step=row.step, reason=row.detail, output=row.output) if wrong else None,
        facts=facts(seen) if seen else None,
        containers=containers(seen) if seen else (),
    )


def _steps(state: State, run: Run, host: Host) -> Iterable[StepRecord]:
    reached = {CONNECT: host in state.activated_hosts, LOOK: host.name in run.seen}
    for name, done in reached.items():
        if run.clock.began(host.name, name):
            yield _step(run, host, name, name, "unchanged" if done else "failed")
    with ctx_host.use(host):  # under our own command, each host has a stage of its own
        executing = state.is_executing
    if not executing:
        return
    for op_hash in host.op_hash_order:
        name = ", ".join(state.get_op_meta(op_hash).names)
        yield _step(run, host, op_hash, name, _result(state, run, host, op_hash))


def _result(state: State, run: Run, host: Host, op_hash: str) -> StepResult:
    done = state.ops[host][op_hash].operation_meta
    if not done.is_complete():
        return "unfinished" if run.clock.began(host.name, op_hash) else "not reached"
    if not done.did_succeed():
        return "failed"
    return "changed" if done.did_change() else "unchanged"


def _step(run: Run, host: Host, step: str, name: str, result: StepResult) -> StepRecord:
    seconds = run.clock.seconds(host.name, step)
    rounded = None if seconds is None else round(seconds, 3)
    return StepRecord(name=name, result=result, seconds=rounded)


def _secrets(state: State, run: Run) -> set[str]:
    secrets = {secret.get_secret_value() for secret in run.passwords.by_source.values()}
    for host in state.inventory:
        data = host.data.dict()
        secrets |= {str(data[name]) for name in _PASSWORDS if data.get(name)}
        secrets |= {each.unmask() for each in data.values() if isinstance(each, HiddenValue)}
    if state.config.SUDO_PASSWORD:
        secrets.add(str(state.config.SUDO_PASSWORD))
    return secrets
