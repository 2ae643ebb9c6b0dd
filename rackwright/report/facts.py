"""What a report tells of a host that was looked at."""

from rackwright.look.observed import Observed
from rackwright.report.record import ContainerRecord, Facts


def facts(observed: Observed) -> Facts:
    """The facts of a host."""
    engine = observed.engine
    return Facts(
        distro=observed.distro,
        release=observed.release,
        codename=observed.codename,
        architecture=observed.architecture,
        engine=engine.version if engine else None,
        mirrors=engine.registry_mirrors if engine else (),
    )


def containers(observed: Observed) -> tuple[ContainerRecord, ...]:
    """What was running on a host, in every Docker that Rackwright knows there."""
    names = observed.engine.containers if observed.engine else ()
    return tuple(ContainerRecord(name=name) for name in (*names, *observed.rootless_containers))
