"""The converge run: the plan of a host, and what carries it out."""

from typing import Any

from pyinfra import host

from rackwright.host_plan import plan_host


def converge(**wanted: Any) -> None:
    """Bring the host to its settings, `wanted` first. Raises DeployError when they are wrong."""
    if (planned := plan_host(host, **wanted)) is None:
        return
    plan, settings, sudo = planned
    if plan.empty:
        return
    # Not before: a host that is right, as most are, needs no task, and all of them take their time
    # to load.
    from tasks.every import every

    every(plan, settings, sudo)
