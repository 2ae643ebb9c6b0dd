"""What a report tells of a host that was looked at, and of its plan."""

from typing import Final

from rackwright.look.gpu import Gpus
from rackwright.look.observed import Observed
from rackwright.plan import Plan
from rackwright.report.record import ChangeRecord, ContainerRecord, Facts, Gpu

NVIDIA: Final = "10de"  # of the PCI-SIG's list of vendors


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
        gpus=gpus(observed.gpus) if observed.gpus else None,
    )


def gpus(seen: Gpus) -> tuple[Gpu, ...]:
    """The GPUs of a host; without a driver that answers, as they are on the PCI bus."""
    if not seen.gpus:
        return tuple(Gpu(name=f"PCI device {NVIDIA}:{device}") for device in seen.devices)
    return tuple(
        Gpu(name=each.name, driver=each.driver, memory_mib=each.memory) for each in seen.gpus
    )


def containers(observed: Observed) -> tuple[ContainerRecord, ...]:
    """What was running on a host, in every Docker that Rackwright knows there."""
    return tuple(
        ContainerRecord(name=each.name, image=each.image, state=each.state)
        for each in observed.running
    )


def changes(plan: Plan) -> tuple[ChangeRecord, ...]:
    """The changes of a plan, in the order in which they are made."""
    return tuple(
        ChangeRecord(
            task=change.task,
            what=change.what,
            before=change.before,
            after=change.after,
            reason=change.reason,
            impact=str(change.impact),
            stops=change.stops,
        )
        for change in plan.changes
    )
