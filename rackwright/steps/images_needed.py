"""Which images a host's settings need, whoever uses them at the moment."""

from itertools import chain, starmap

from rackwright.look.observed import Observed
from rackwright.settings import Settings
from rackwright.settings.references import HELLO
from rackwright.steps.builds import names_of
from rackwright.steps.gpu_ready import gpu_verify_step


def images_needed(settings: Settings, observed: Observed) -> frozenset[str]:
    """The names of all images that a run would pull, load or build where they were missing.

    Also those of its checks: what a prune took, the next check would bring back.
    """
    check = gpu_verify_step(settings, observed.gpus, changed=True, with_cdi=False)
    checks = {HELLO} | ({check.image} if check and check.image else set())
    images = (each.names for each in settings.docker_images if each.state == "present")
    builds = starmap(names_of, settings.docker_builds.items())
    containers = {
        each.image
        for each in settings.docker_containers.values()
        if each.image and each.state != "absent"
    }
    return frozenset(checks | containers).union(chain.from_iterable(images), *builds)
