"""How a run ended for every host that it was meant for.

The edge between pyinfra's state and the report.
"""

import shlex
from typing import TYPE_CHECKING, Final

from pyinfra.api import Host, State

from rackwright.host.ssh_command import ssh_command
from rackwright.report.lines import plan_summary
from rackwright.report.outcome import HostResult, Outcome
from rackwright.run import Run, hosts_of

if TYPE_CHECKING:
    from rackwright.plan import Plan

LAST: Final = 20  # lines of a failed step's output that are kept, of each stream


def results(state: State, run: Run) -> list[HostResult]:
    """How the run ended for every host that it was meant for."""
    return [result_of(state, run, host) for host in hosts_of(state)]


def result_of(state: State, run: Run, host: Host) -> HostResult:
    """How the run ended for one host."""
    name = host.name
    if host not in state.activated_hosts:
        return _unreachable(host)
    if name in run.refusals:
        return HostResult(name, Outcome.FAILED, "plan", run.refusals[name])
    if name not in run.plans:
        return HostResult(name, Outcome.NOT_REACHED, "observe", "the run ended before its turn")
    planned = run.plans[name]
    if planned.empty:
        return HostResult(name, Outcome.UNCHANGED, detail="\n".join(planned.notes))
    if not state.is_executing:
        outcome = Outcome.PLANNED if planned.changes else Outcome.UNCHANGED
        return HostResult(name, outcome, detail=_detail(planned))
    return executed(state, host, planned)


def unreached(state: State) -> list[HostResult]:
    """The rows of a run that ended while it connected to its hosts."""
    ended = "the run ended before its turn"
    return [
        HostResult(host.name, Outcome.NOT_REACHED, "observe", ended)
        if host in state.activated_hosts
        else _unreachable(host)
        for host in hosts_of(state)
    ]


def _unreachable(host: Host) -> HostResult:
    return HostResult(host.name, Outcome.UNREACHABLE, "connect", connect_advice(host))


BROKE: Final = "the connection broke"
UNREAD: Final = "something that it had to know of the host could not be read; run it again"


def executed(
    state: State, host: Host, planned: "Plan | None", without_words: str = BROKE
) -> HostResult:
    """How the operations of a host ended; without a plan of ours, they are the task's own.

    `without_words` is why one failed that said nothing.
    """
    changed = bool(planned and planned.changes)
    last = ""
    for op_hash in host.op_hash_order:
        operation = state.ops[host][op_hash]
        done = operation.operation_meta
        step = ", ".join(state.get_op_meta(op_hash).names)
        ignored = operation.global_arguments["_ignore_errors"]
        if done.is_complete() and (done.did_succeed() or ignored):
            changed |= planned is None and done.did_change()
            last = step
            continue
        if not done.is_complete():
            if last and host in state.failed_hosts:
                break
            return HostResult(host.name, Outcome.NOT_REACHED, step, "the run ended before it")
        said = "\n".join((done.stderr_lines or done.stdout_lines)[-3:])
        output = (*done.stdout_lines[-LAST:], *done.stderr_lines[-LAST:])
        reason = said or without_words
        return HostResult(host.name, Outcome.FAILED, step, reason, output)
    # A fact that an operation could not load fails the host, and not the operation.
    if last and host in state.failed_hosts:
        return HostResult(host.name, Outcome.FAILED, last, UNREAD)
    outcome = Outcome.CHANGED if changed else Outcome.UNCHANGED
    return HostResult(host.name, outcome, detail=_detail(planned) if planned else "")


def _detail(planned: "Plan") -> str:
    return "\n".join((plan_summary(planned), *planned.notes))


def connect_advice(host: Host, reason: str | None = None) -> str:
    """Why a host is out of reach, and the ssh command that shows more."""
    words = ssh_command(host.name, host.data.dict())
    reason = reason or "could not log in (the reason stands above)"
    reason = reason.replace("[Errno None] ", "")  # paramiko's error for several addresses has none
    return f"{reason}; try: {shlex.join(words)}"
