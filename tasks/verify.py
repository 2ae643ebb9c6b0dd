"""The host shows that it works."""

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
        # sudo -u is a fresh login as far as groups go: it reads /etc/group again.
        user = settings.docker_users[0] if settings.docker_users else "root"
        server.shell(
            name=f"hello-world runs as {user}",
            commands=[HELLO_WORLD],
            _sudo=True,
            _sudo_user=user,
        )
    server.shell(name="The run is finished", commands=[f"rm -f {UNFINISHED}"])
