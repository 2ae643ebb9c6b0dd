"""What all parts of the workload have in common: what is refused, and what is left as it is."""

from collections.abc import Iterator
from contextlib import suppress

from rackwright.look.observed import Observed
from rackwright.settings import Settings
from rackwright.steps.compose import compose_notes, compose_refusals
from rackwright.steps.containers import container_notes, container_refusals
from rackwright.steps.daemon import DaemonJsonError, read
from rackwright.steps.networks import network_notes, network_refusals
from rackwright.steps.volumes import volume_notes, volume_refusals


def workload_refusals(settings: Settings, observed: Observed) -> Iterator[str]:
    """Why what is to run in Docker cannot be had on this host."""
    if not settings.docker_workload:
        return
    found = observed.workload
    if found is None or (observed.engine and not found.answers):
        yield "the host did not say what runs in its Docker; run it again"
        return
    secret = next(settings.docker_secrets, None)
    if secret and _debugs(settings, observed):
        yield (
            f"{secret[0]}: Docker's debug mode is on, in which it writes the environment of every "
            'new container into the journal; set docker_daemon = {"debug": False}'
        )
    yield from network_refusals(settings, found)
    yield from volume_refusals(settings, found)
    yield from container_refusals(settings, found)
    yield from compose_refusals(settings, found)


def _debugs(settings: Settings, observed: Observed) -> bool:
    # moby, api/server/middleware/debug.go: all but a few fields of what it is asked to do.
    wanted = settings.daemon_keys.get("debug")
    if wanted is not None:
        return wanted is True
    if observed.engine:
        return observed.engine.debug
    with suppress(DaemonJsonError):  # that is refused for itself
        return read(observed.daemon_json).get("debug") is True
    return False


def workload_notes(settings: Settings, observed: Observed) -> Iterator[str]:
    """What is Rackwright's on this host, and in no settings any more."""
    if settings.docker_workload and observed.workload:
        yield from network_notes(settings, observed.workload)
        yield from volume_notes(settings, observed.workload)
        yield from container_notes(settings, observed.workload)
        yield from compose_notes(settings, observed.workload)
