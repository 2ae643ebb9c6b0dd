"""The images that a host has: pulled, loaded from files of the laptop, tagged, and taken off."""

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.docker import IMAGES_SH
from rackwright.docker.cache_operations import in_the_cache
from rackwright.docker.image_operations import from_file
from rackwright.host.script import command
from rackwright.plan import Plan
from rackwright.settings import Settings
from rackwright.settings.references import registry


@deploy("Images")
def images(plan: Plan, settings: Settings) -> None:
    """The wanted images are there under all their names; those that are not wanted are gone."""
    if settings.cache and plan.hub_pulls:
        in_the_cache(
            name=f"The fleet's cache has {', '.join(plan.hub_pulls)}",
            cache=settings.cache,
            images=plan.hub_pulls,
            architecture=plan.architecture,
        )
    step = plan.images
    if step is None:
        return
    for name in host.loop(step.pulls):
        server.shell(
            name=f"{name} is pulled", commands=[command(IMAGES_SH, "pull", name, registry(name))]
        )
    for image, tag in host.loop(step.pins):
        server.shell(
            name=f"{tag} is {image}",
            commands=[command(IMAGES_SH, "pin", image, registry(image), tag)],
        )
    for image in host.loop(step.loads):
        from_file(name=f"{image.name} is loaded from {image.file}", image=image)
    for source, tag in host.loop(step.tags):
        server.shell(
            name=f"{tag} is a tag of {source}", commands=[command(IMAGES_SH, "tag", source, tag)]
        )
    for image in host.loop(step.removals):
        force = ["--force"] if image.force else []
        server.shell(
            name=f"{image.name} is gone",
            commands=[command(IMAGES_SH, "remove", image.name, *force)],
        )
