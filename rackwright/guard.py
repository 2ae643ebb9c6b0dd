"""What must not happen to running containers and jobs on GPUs without an explicit word."""

from itertools import chain
from typing import TYPE_CHECKING

from rackwright.settings import Settings

if TYPE_CHECKING:
    from rackwright.plan import Plan

# What these stop is what the settings name, and nothing else.
ASKED = ("containers", "compose")


def blocked(settings: Settings, plan: "Plan") -> str | None:
    """Why this plan must not be carried out, and the word that allows it; None when it may be."""
    if plan.jobs and settings.gpu_busy == "skip":
        return (
            f"its GPUs are in use, and this would break that: {'; '.join(plan.jobs)}; nothing was "
            'changed. Run it again when they are done, or set gpu_busy to "wait" or, if the jobs '
            'may be lost, to "go"'
        )
    unasked = [change.stops for change in plan.changes if change.task not in ASKED]
    names = dict.fromkeys(chain.from_iterable(unasked))
    stops = tuple(name for name in names if name not in plan.ending)
    if not stops or settings.docker_allow_container_stop:
        return None
    return (
        f"this would stop the running container{'s' if len(stops) > 1 else ''} {', '.join(stops)}: "
        f"{_why(plan)}; if that may be, set docker_allow_container_stop for the host, or add "
        "--data docker_allow_container_stop=true to the command"
    )


def _why(plan: "Plan") -> str:
    if plan.repair and any(change.stops for change in plan.repair.changes):
        return "dpkg has to complete docker-ce, which restarts Docker, and live-restore is off"
    if plan.conflicts and plan.conflicts.stops_engine:
        return "the distribution's engine is replaced, and its containers end with it"
    if plan.service and plan.service.uncovered:
        return plan.service.uncovered
    return "the host reboots, as gpu_allow_reboot allows" if plan.reboot else "Docker stops"
