"""Where exact packages come from: an offline bundle, the lock beside the inventory, or neither."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rackwright.bundle.file import Manifest, read_manifest
from rackwright.lock.agreement import contradictions, disagreements
from rackwright.lock.file import Lock, lock_path, read_lock
from rackwright.lock.images import with_locked_images
from rackwright.settings import Settings, SettingsError


@dataclass(frozen=True)
class Exact:
    """The lock of a run, under the name of its file, and the bundles that its settings name."""

    lock: Lock | None = None
    name: str = ""
    bundles: Mapping[str, Manifest] = field(default_factory=dict)


def read_exact(inventory: Path | None, fleet: Mapping[str, Settings]) -> Exact:
    """Read what there is for these hosts' settings.

    Raises SettingsError with a sentence for every host whose settings it was not made for.
    """
    path = lock_path(inventory) if inventory else None
    lock = read_lock(path) if path and path.exists() else None
    name = path.name if path else ""
    bundles: dict[str, Manifest] = {}
    errors: list[str] = []
    for host, settings in fleet.items():
        wrong = contradictions(lock, name, settings) if lock else []
        if folder := bundle_of(settings):
            bundles[folder] = held = read_manifest(Path(folder))
            wrong += contradictions(held.lock, folder, settings, "rackwright bundle")
            wrong += disagreements(lock, name, held.lock, Path(folder)) if lock else []
        errors += [f"{host}: {sentence}" for sentence in wrong]
    if errors:
        raise SettingsError(errors)
    return Exact(lock, name, bundles)


def with_exact_images(exact: Exact, fleet: Mapping[str, Settings]) -> dict[str, Settings]:
    """The settings of all hosts, with their images as the lock has them.

    A bundle brings images of its own.
    """
    digests = exact.lock.images if exact.lock else {}
    return {
        host: settings if bundle_of(settings) else with_locked_images(settings, digests)
        for host, settings in fleet.items()
    }


def bundle_of(settings: Settings) -> str | None:
    """The folder of the bundle that a host's packages come from, if they come from one."""
    return settings.docker_bundle if settings.docker_source == "bundle" else None
