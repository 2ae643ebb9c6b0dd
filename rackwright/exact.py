"""Where exact packages come from: an offline bundle, the lock beside the inventory, or neither."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rackwright.bundle.apply import disagreements, plan_with_bundle, with_bundled_images
from rackwright.bundle.file import Manifest, read_manifest
from rackwright.laptop.passwords import Passwords
from rackwright.lock.apply import (
    contradictions,
    locked_packages,
    plan_with_lock,
    with_exact_versions,
)
from rackwright.lock.file import Lock, lock_path, read_lock
from rackwright.lock.images import with_locked_images
from rackwright.look.mirrors import ProbedMirrors
from rackwright.look.observed import Observed
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.settings import Settings, SettingsError
from rackwright.settings.references import HELLO


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
        if folder := _bundle(settings):
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
        host: settings if _bundle(settings) else with_locked_images(settings, digests)
        for host, settings in fleet.items()
    }


def exact_plan(
    exact: Exact,
    settings: Settings,
    observed: Observed,
    probed: ProbedMirrors | None,
    passwords: Passwords,
) -> tuple[Plan, Settings]:
    """The plan of a host, and the settings with the exact versions that it was made for.

    Raises RefusedError when the host must not be touched, or there is nothing for its release.
    """
    if folder := _bundle(settings):
        held = exact.bundles[folder]
        packages = locked_packages(held.lock, folder, settings, observed, "rackwright bundle")
        settings = with_exact_versions(settings, packages)
        settings = with_bundled_images(settings, Path(folder), held, observed.architecture)
        return plan_with_bundle(settings, observed, Path(folder), held, probed, passwords), settings
    if exact.lock:
        packages = locked_packages(exact.lock, exact.name, settings, observed)
        settings = with_exact_versions(settings, packages)
        hello_world = exact.lock.images.get(HELLO)
        planned = plan_with_lock(settings, observed, packages, probed, passwords, hello_world)
        return planned, settings
    return plan(settings, observed, probed, passwords), settings


def _bundle(settings: Settings) -> str | None:
    return settings.docker_bundle if settings.docker_source == "bundle" else None
