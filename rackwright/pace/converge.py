"""One host converges: its deploy is planned, and its operations are run one after the other."""

from dataclasses import dataclass
from time import monotonic
from typing import Final

from pyinfra.api import Host
from pyinfra.api.operations import run_host_op
from pyinfra.api.state import StateStage

from rackwright.host.error import HostError
from rackwright.host_lock.failure import give_back
from rackwright.pace.course import LOOK, Course
from rackwright.pace.engine import STOPPED
from rackwright.pace.fleet import Fleet
from rackwright.pace.task import Task
from rackwright.report.outcome import HostResult, Outcome
from rackwright.results import BROKE, executed, result_of

# One remote command may take both: operations that wait for apt do so for the second one.
LIMITS: Final = "host_command_timeout + docker_apt_timeout"


@dataclass(frozen=True)
class Converge:
    """A task, and the hosts that it is for. Its methods are work for them: Fleet.work()."""

    hosts: Fleet
    task: Task

    def plan(self, host: Host, course: Course) -> HostResult:
        """Look at the host and make its plan; changes nothing. Raises HostError."""
        course.at(LOOK)
        self.hosts.state.start_anew(host)
        self.hosts.run.refusals.pop(host.name, None)
        self.hosts.state.current_stage = StateStage.Prepare
        self.task()
        if host.name in self.hosts.run.plans or host.name in self.hosts.run.refusals:
            return result_of(self.hosts.state, self.hosts.run, host)
        if host in self.hosts.state.failed_hosts:
            raise HostError("it could not be looked at; run it again")
        count = len(host.op_hash_order)  # of a task that is not ours
        outcome = Outcome.PLANNED if count else Outcome.UNCHANGED
        return HostResult(host.name, outcome, detail=f"{count} operations")

    def pending(self, host: Host) -> bool:
        """Whether there is anything to do on a host that was planned."""
        return bool(host.op_hash_order) and host not in self.hosts.state.failed_hosts

    def carry_out(self, host: Host, course: Course) -> HostResult:
        """Run the operations that were planned, in the order of the deploy."""
        self.hosts.state.current_stage = StateStage.Execute
        patience, why = host.data._timeout, BROKE
        for op_hash in list(host.op_hash_order):
            step = ", ".join(self.hosts.state.get_op_meta(op_hash).names)
            if self.hosts.engine.stopping:
                give_back(host, self.hosts.run.plans.get(host.name), op_hash, begun=False)
                return HostResult(host.name, Outcome.NOT_REACHED, step, STOPPED)
            began = monotonic()
            with course.change(step):
                right = self._run(host, op_hash)
            if not right and monotonic() - began >= patience:
                why = f"a command did not end within {patience} s ({LIMITS})"
            if not right or host in self.hosts.state.failed_hosts:
                break
        return executed(self.hosts.state, host, self.hosts.run.plans.get(host.name), why)

    def _run(self, host: Host, op_hash: str) -> bool:
        """Whether an operation went right; GiveBack hears of one that did not."""
        planned = self.hosts.run.plans.get(host.name)
        try:
            right = run_host_op(self.hosts.state, host, op_hash)
        except Exception:
            give_back(host, planned, op_hash)
            raise
        # A fact that an operation could not load fails the host, and not the operation.
        if right and host in self.hosts.state.failed_hosts:
            give_back(host, planned, op_hash)
        return right

    def apply(self, host: Host, course: Course) -> HostResult:
        """Make the plan, and carry it out where there is anything to do."""
        planned = self.plan(host, course)
        return self.carry_out(host, course) if self.pending(host) else planned
