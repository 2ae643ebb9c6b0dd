"""Compose projects."""

from io import StringIO

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.docker.container_commands import compose_command, environment
from rackwright.marks import COMPOSE
from rackwright.plan import Plan


@deploy("Compose")
def compose(plan: Plan) -> None:
    """Projects are up, with containers that run and are well, or down."""
    step = plan.compose
    if step is None:
        return
    for action in host.loop(step.actions):
        if action.act == "up":
            files.put(
                name=f"The file of compose project {action.name} is on the host",
                src=StringIO(action.content),
                dest=f"{COMPOSE}/{action.name}/compose.yaml.new",
                mode="0600",
            )
        # docker.compose of pyinfra has no way for values that nobody is to see.
        server.shell(
            name=action.title,
            commands=[compose_command(action)],
            _stdin=environment(action.project.env, action.project.secrets),
        )
