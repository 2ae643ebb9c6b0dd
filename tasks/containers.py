"""Containers. A new one takes the place of the one before only when it works."""

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.docker.container_commands import container_command, environment
from rackwright.plan import Plan


@deploy("Containers")
def containers(plan: Plan) -> None:
    """Containers run, stand still or are gone, as the settings have them."""
    step = plan.containers
    if step is None:
        return
    for action in host.loop(step.actions):
        server.shell(
            name=action.title,
            commands=[container_command(action)],
            _stdin=environment({}, action.container.secrets),
        )
