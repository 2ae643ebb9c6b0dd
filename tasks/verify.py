"""The host shows that it works."""

import shlex

from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.marks import UNFINISHED
from rackwright.operations import converged
from rackwright.plan import Plan
from rackwright.settings import Settings

HELLO_WORLD = "docker run --rm hello-world"


@deploy("Verify")
def verify(plan: Plan, settings: Settings) -> None:
    """A second look finds nothing to change, and a user of the docker group runs a container."""
    if plan.empty:
        return
    converged(name="A second look finds nothing left to change", settings=settings)
    if plan.hello_world:
        # runuser is a fresh login as far as groups go, and there where sudo is not.
        user = settings.docker_users[0] if settings.docker_users else "root"
        server.shell(
            name=f"hello-world runs as {user}",
            commands=[f"timeout 300 runuser -u {shlex.quote(user)} -- {HELLO_WORLD}"],
        )
    server.shell(name="The run is finished", commands=[f"rm -f {UNFINISHED}"])
