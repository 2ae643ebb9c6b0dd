"""The plan of a host whose packages come from a bundle: a host of its own, with no network."""

from dataclasses import replace
from pathlib import Path

from rackwright.bundle.file import Manifest, broken, image_file, release_folder
from rackwright.laptop.passwords import Passwords
from rackwright.laptop.registry import HELLO_WORLD
from rackwright.lock.apply import release_key
from rackwright.lock.file import Lock
from rackwright.look.mirrors import ProbedMirrors
from rackwright.look.observed import Observed
from rackwright.plan import Plan, RefusedError
from rackwright.planning import plan
from rackwright.settings import Settings
from rackwright.steps.bundle import BundleImageStep, bundle_step

AGAIN = "make it again with `rackwright bundle`"


def plan_with_bundle(
    settings: Settings,
    observed: Observed,
    folder: Path,
    manifest: Manifest,
    probed: ProbedMirrors | None = None,
    passwords: Passwords | None = None,
) -> Plan:
    """The plan of a host; `settings` are those with the bundle's exact versions.

    Raises RefusedError when the host must not be touched as it is, and when a part of the bundle
    that it needs is not as it was made.
    """
    planned = plan(settings, observed, probed, passwords)
    if planned.empty:
        return planned
    release = release_folder(release_key(observed))
    bundle = bundle_step(str(folder / release), planned.engine)
    image = image_file(HELLO_WORLD, observed.architecture)
    loads = planned.hello_world and image in manifest.files
    parts = (f"{release}/",) if bundle else ()
    if damaged := [file for part in (*parts, image) for file in broken(folder, part)]:
        raise RefusedError(
            (f"the bundle {folder} is damaged: {', '.join(damaged)}; {AGAIN} and deploy again",)
        )
    note = f"Docker's packages come from the bundle {folder}"
    return replace(
        planned,
        bundle=bundle,
        bundle_image=BundleImageStep(str(folder / image), f"{HELLO_WORLD}:latest")
        if loads
        else None,
        # The index that is sent along is the only one that counts.
        engine=replace(planned.engine, refresh=False) if planned.engine else None,
        notes=(*planned.notes, *([note] if bundle else [])),
    )


def disagreements(lock: Lock, name: str, bundle: Lock, folder: Path) -> list[str]:
    """Where a bundle holds other packages than the lock `name`, a sentence each."""
    return [
        f"docker_bundle: {folder} holds {package}={each.version} for {release}, {name} has "
        f"{package}={locked[package].version} or other bytes; {AGAIN}"
        for release, variants in bundle.packages.items()
        for wanted, packages in variants.items()
        if (locked := lock.packages.get(release, {}).get(wanted, {}))
        for package, each in packages.items()
        if package in locked and locked[package] != each
    ]
