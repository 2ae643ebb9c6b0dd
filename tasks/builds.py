"""The images that a host builds by itself, and pushes to a registry."""

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.docker import IMAGES_SH
from rackwright.docker.build_operations import built
from rackwright.host.script import command
from rackwright.packages.patience import apt_packages
from rackwright.plan import Plan
from rackwright.settings.references import registry


@deploy("Builds")
def builds(plan: Plan) -> None:
    """The images of the settings are built under all their names, and pushed where that is asked.

    Where a build fails, its name means the image from before.
    """
    step = plan.builds
    if step is None:
        return
    if step.packages:
        apt_packages(
            name="What Docker needs for its contexts is installed",
            seconds=plan.apt_timeout,
            packages=step.packages,
            no_recommends=True,
        )
    for base in host.loop(step.images.pulls):
        server.shell(
            name=f"{base} is pulled", commands=[command(IMAGES_SH, "pull", base, registry(base))]
        )
    for name, build in host.loop(step.builds):
        built(name=f"{name} is built", image=name, build=build)
    for source, tag in host.loop(step.images.tags):
        server.shell(
            name=f"{tag} is a tag of {source}", commands=[command(IMAGES_SH, "tag", source, tag)]
        )
    for name in host.loop(step.pushes):
        server.shell(name=f"{name} is pushed", commands=[command(IMAGES_SH, "push", name)])
