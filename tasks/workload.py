"""What runs in Docker, in the order in which its parts need one another: a part of converge."""

from rackwright.plan import Plan
from tasks.compose import compose
from tasks.containers import containers
from tasks.networks import networks
from tasks.removals import removals
from tasks.volumes import volumes


def workload(plan: Plan, sudo: bool) -> None:
    """Containers and compose projects are as the settings have them, with all that they use."""
    networks(plan=plan, _sudo=sudo)
    volumes(plan=plan, _sudo=sudo)
    containers(plan=plan, _sudo=sudo)
    compose(plan=plan, _sudo=sudo)
    removals(plan=plan, _sudo=sudo)
