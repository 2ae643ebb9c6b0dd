"""What nobody needs any more."""

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.docker import IMAGES_SH
from rackwright.host.script import command
from rackwright.plan import Plan
from rackwright.steps.prune import names_to_remove


@deploy("Prune")
def prune(plan: Plan) -> None:
    """The images and the cache that the plan names are gone."""
    step = plan.prune
    if step is None:
        return
    for image in host.loop(step.images):
        tags, names = " ".join(sorted(image.tags)), names_to_remove(image)
        server.shell(
            name="An image that nobody needs is gone",
            commands=[command(IMAGES_SH, "prune", image.id, tags, *names)],
        )
    if step.build_cache:
        older = [step.older_than] if step.older_than else []
        server.shell(
            name="The build cache is pruned", commands=[command(IMAGES_SH, "prune_cache", *older)]
        )
