"""Networks of Docker."""

import shlex

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.docker.network_commands import create_network
from rackwright.plan import Plan


@deploy("Networks")
def networks(plan: Plan) -> None:
    """The wanted networks are there; those that go wait for the containers that use them."""
    step = plan.networks
    if step is None:
        return
    for name, network in host.loop(step.made):
        # docker.network of pyinfra makes none that is internal, and takes the name `db` for the
        # beginning of another network's ID.
        old = [f"docker network rm {shlex.quote(name)}"] if name in step.anew else []
        server.shell(
            name=f"Network {name} is there", commands=[*old, create_network(name, network)]
        )
