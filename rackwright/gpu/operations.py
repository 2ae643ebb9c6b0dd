"""What the tasks wait for where their changes would break jobs on GPUs."""

from pyinfra.operations import server

from rackwright.gpu import HOLDERS_SH, READY_SH
from rackwright.host.script import command
from rackwright.plan import Plan


def wait_for_jobs(plan: Plan) -> None:
    """Nobody computes on the GPUs; fails where somebody still does after the plan's `gpu_wait`."""
    words = ("wait_for_jobs", str(plan.gpu_wait), *plan.gpu_wait_for)
    server.shell(
        name="Nobody computes on the GPUs any more",
        commands=[command(READY_SH, *words, after=HOLDERS_SH)],
        _timeout=plan.gpu_wait + 60,
    )


def still_idle(plan: Plan) -> None:
    """As wait_for_jobs, where a job that started since the plan was made would be broken."""
    if plan.gpu_idle:
        wait_for_jobs(plan)
