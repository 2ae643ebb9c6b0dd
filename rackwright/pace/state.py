"""pyinfra's state, with hosts that are at different stages."""

from collections.abc import Iterable

from pyinfra.api import Host, State
from pyinfra.api.state import StateStage
from pyinfra.context import ctx_host


class PacedState(State):
    """A state in which one host may execute while another one is still looked at.

    pyinfra's own has one stage for all: an operation that a host adds while another one executes
    would be executed at once. And it ends the run for all hosts with the last one that fails.
    """

    def __init__(self) -> None:
        self._stages: dict[Host | None, StateStage] = {}
        super().__init__(check_for_changes=False)

    @property
    def current_stage(self) -> StateStage:
        """The stage of the host of this moment."""
        return self._stages.get(ctx_host.get(), StateStage.Setup)

    @current_stage.setter
    def current_stage(self, stage: StateStage) -> None:
        self._stages[ctx_host.get()] = stage

    @property
    def is_executing(self) -> bool:  # type: ignore[override] # as above
        """Whether the host of this moment is being changed."""
        return self.current_stage is StateStage.Execute

    def fail_hosts(self, hosts_to_fail: Iterable[Host], activated_count: int | None = None) -> None:
        """Leave hosts out of the rest of the run; the others go on."""
        self.failed_hosts.update(hosts_to_fail)
        self.active_hosts.difference_update(hosts_to_fail)

    def start_anew(self, host: Host) -> None:
        """Forget what was prepared for a host, so that it can be looked at again."""
        host.op_hash_order.clear()
        self.ops[host].clear()
        self.failed_hosts.discard(host)
        # pyinfra knows an operation by where it is called, and takes those of two hosts for one.
        host.loop_position[:] = [list(self.inventory).index(host)]
