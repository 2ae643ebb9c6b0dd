"""The plan of a host, with exact packages where a bundle or the lock has them."""

from pathlib import Path

from rackwright.bundle.apply import plan_with_bundle, with_bundled_images
from rackwright.exact import Exact, bundle_of
from rackwright.laptop.passwords import Passwords
from rackwright.lock.apply import locked_packages, plan_with_lock, with_exact_versions
from rackwright.look.mirrors import ProbedMirrors
from rackwright.look.observed import Observed
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.settings import Settings
from rackwright.settings.references import HELLO


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
    if folder := bundle_of(settings):
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
