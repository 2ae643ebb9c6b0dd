"""Volumes of Docker."""

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import docker

from rackwright.plan import Plan
from rackwright.steps.volumes import LABEL


@deploy("Volumes")
def volumes(plan: Plan) -> None:
    """The wanted volumes are there; those that go wait for the containers that use them."""
    step = plan.volumes
    if step is None:
        return
    for name, volume in host.loop(step.made):
        labels = {**volume.labels, LABEL: name}
        docker.volume(
            name=f"Volume {name} is there",
            volume=name,
            driver=volume.driver,
            labels=[f"{key}={value}" for key, value in labels.items()],
            options=[f"{key}={value}" for key, value in volume.options.items()],
        )
