"""Volumes of Docker: which are made, and which go with their data because the settings say so."""

from collections.abc import Iterator
from dataclasses import dataclass

from rackwright.change import Change, Impact
from rackwright.look.observed import Observed
from rackwright.look.workload import FoundVolume, Workload
from rackwright.settings import Settings
from rackwright.settings.networks import Volume
from rackwright.steps.uses import remaining

# A volume is ours when this label of it is its name.
LABEL = "rackwright.volume"


@dataclass(frozen=True)
class VolumesStep:
    """`removed` are names; they go when no container needs them any more."""

    made: tuple[tuple[str, Volume], ...]
    removed: tuple[str, ...]
    changes: tuple[Change, ...]


def volumes_step(settings: Settings, observed: Observed) -> VolumesStep | None:
    """What has to be done; None when all volumes are as they should be."""
    found = (observed.workload or Workload()).volumes
    wanted = settings.docker_volumes
    made = tuple(
        (name, volume)
        for name, volume in wanted.items()
        if volume.state == "present" and name not in found
    )
    removed = tuple(
        name for name, volume in wanted.items() if volume.state == "absent" and name in found
    )
    if not made and not removed:
        return None
    changes = [
        Change("volumes", name, "absent", volume.driver, "docker_volumes names it")
        for name, volume in made
    ]
    changes += [
        Change(
            *("volumes", name, found[name].driver, "deleted with its data"),
            "docker_volumes says delete",
            Impact.DATA_LOSS,
        )
        for name in removed
    ]
    return VolumesStep(made, removed, tuple(changes))


def volume_refusals(settings: Settings, found: Workload) -> Iterator[str]:
    """Why volumes cannot be as these settings have them."""
    for name, wanted in settings.docker_volumes.items():
        there = found.volumes.get(name)
        if there is None:
            continue
        users = [each.name for each in remaining(settings, found) if name in each.mounts]
        if wanted.state == "absent" and users:
            yield (
                f"docker_volumes.{name} cannot be deleted: the containers {', '.join(users)} use "
                "it; remove them first"
            )
        if wanted.state == "present" and _differs(wanted, there):
            yield (
                f"docker_volumes.{name}: the volume is there with the driver {there.driver} and "
                f"the options {dict(there.options)}, and what is in it would be lost with another "
                "one; take another name, or move the data and remove it yourself"
            )


def volume_notes(settings: Settings, found: Workload) -> Iterator[str]:
    """Volumes of ours that no settings name any more."""
    for name, there in found.volumes.items():
        if there.labels.get(LABEL) == name and name not in settings.docker_volumes:
            yield (
                f"the volume {name} is not in docker_volumes any more, and stays; to delete it "
                f'with its data, write "{name}": {{"state": "absent", "delete": True}}'
            )


def _differs(wanted: Volume, there: FoundVolume) -> bool:
    # Labels of a volume cannot be changed, and nothing depends on them.
    return (wanted.driver, wanted.options) != (there.driver, dict(there.options))
