"""Networks and volumes that go, when the containers that used them are gone."""

import shlex

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import docker, server

from rackwright.plan import Plan


@deploy("Removals")
def removals(plan: Plan) -> None:
    """Networks are gone, and volumes with their data, where the settings say so."""
    for name in host.loop(plan.networks.removed if plan.networks else ()):
        server.shell(
            name=f"Network {name} is gone", commands=[f"docker network rm {shlex.quote(name)}"]
        )
    for name in host.loop(plan.volumes.removed if plan.volumes else ()):
        docker.volume(
            name=f"Volume {name} and its data are gone",
            volume=name,
            present=False,
        )
