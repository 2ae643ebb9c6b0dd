"""Which containers use networks and volumes, when the run is over."""

from rackwright.docker.docker_create import fingerprint
from rackwright.look.workload import FoundContainer, Workload
from rackwright.settings import Settings


def remaining(settings: Settings, found: Workload) -> tuple[FoundContainer, ...]:
    """Containers that stay as they are.

    Not those that the run removes, and not those that it makes anew of other settings: settings in
    which a container uses what is to go are refused before.
    """
    return tuple(
        there for _, there in sorted(found.containers.items()) if not _goes(settings, there)
    )


def _goes(settings: Settings, there: FoundContainer) -> bool:
    project = settings.docker_compose.get(there.project)
    if project is not None and project.state == "absent":
        return True
    wanted = settings.docker_containers.get(there.name)
    if wanted is None or not there.ours:
        return False
    return wanted.state == "absent" or there.spec != fingerprint(wanted)
