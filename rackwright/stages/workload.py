"""Who uses Docker, and what runs on it."""

from dataclasses import replace

from rackwright.laptop.passwords import Passwords
from rackwright.look.observed import Observed
from rackwright.plan import Plan
from rackwright.settings import Settings
from rackwright.steps.builds import builds_step
from rackwright.steps.compose import compose_step
from rackwright.steps.containers import containers_step, made_anew
from rackwright.steps.images import ImagesStep, images_step, renewed, together
from rackwright.steps.logins import logins_step
from rackwright.steps.networks import networks_step
from rackwright.steps.prune import freed, prune_step
from rackwright.steps.rootless import rootless_step
from rackwright.steps.users import users_step
from rackwright.steps.volumes import volumes_step
from rackwright.steps.workload import workload_notes


def with_workload(
    plan: Plan, settings: Settings, observed: Observed, passwords: Passwords | None
) -> Plan:
    """The plan with its users, images and all that is made of them."""
    images = images_step(settings, observed)
    builds = builds_step(settings, observed, images)
    moving = together(images or ImagesStep(), builds.images if builds else ImagesStep())
    other_images = renewed(observed.images, moving) if observed.images else frozenset()
    containers = containers_step(settings, observed, passwords, other_images)
    prune = prune_step(settings, observed, moving, made_anew(containers))
    frees = [freed(prune)] if prune and prune.images else []
    return replace(
        plan,
        users=users_step(settings, observed, installs=plan.engine is not None),
        logins=logins_step(settings, observed, passwords),
        images=images,
        builds=builds,
        prune=prune,
        networks=networks_step(settings, observed),
        volumes=volumes_step(settings, observed),
        containers=containers,
        compose=compose_step(settings, observed, passwords),
        rootless=rootless_step(settings, observed),
        notes=(*plan.notes, *workload_notes(settings, observed), *frees),
    )
