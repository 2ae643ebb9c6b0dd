"""A lock applied to one host: settings with exact versions, or the reason why it does not fit."""

from dataclasses import replace

from rackwright.host.error import RefusedError
from rackwright.laptop.passwords import Passwords
from rackwright.lock.agreement import wanted_key
from rackwright.lock.file import Lock, Packages
from rackwright.lock.images import pinned
from rackwright.look.mirrors import ProbedMirrors
from rackwright.look.observed import Observed
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.settings import Settings
from rackwright.settings.references import HELLO
from rackwright.steps.engine import ENGINE, wanted_packages
from rackwright.steps.images import ImagesStep, together
from rackwright.steps.lock import lock_step


def release_key(observed: Observed) -> str:
    """How a lock names the release and architecture of a host."""
    return f"{observed.distro}/{observed.codename}/{observed.architecture}"


def locked_packages(
    lock: Lock,
    name: str,
    settings: Settings,
    observed: Observed,
    command: str = "rackwright lock",
) -> Packages:
    """What the lock holds for a host: exactly the packages that its settings want.

    Raises RefusedError when it holds nothing for this release, or not all of them.
    """
    packages = lock.packages.get(release_key(observed), {}).get(wanted_key(settings), {})
    missing = [package for package in wanted_packages(settings) if package not in packages]
    if missing:
        raise RefusedError(
            (
                f"{name} has no {', '.join(missing)} for {release_key(observed)} "
                f"({wanted_key(settings)}); run `{command}` for this inventory again",
            )
        )
    return {package: packages[package] for package in wanted_packages(settings)}


def with_exact_versions(settings: Settings, packages: Packages) -> Settings:
    """The settings, with the version of every package as the lock has it."""
    return settings.model_copy(
        update={
            "docker_version": packages[ENGINE].version,
            "docker_package_versions": {name: each.version for name, each in packages.items()},
        }
    )


def plan_with_lock(
    settings: Settings,
    observed: Observed,
    packages: Packages,
    probed: ProbedMirrors | None = None,
    passwords: Passwords | None = None,
    hello_world: str | None = None,
) -> Plan:
    """The plan of a host whose packages are locked; `settings` are those with exact versions.

    `hello_world` is the digest of the image that proves the host, where the lock has it. Raises
    RefusedError when the host must not be touched as it is.
    """
    planned = plan(settings, observed, probed, passwords)
    hashes = {f"{name}={each.version}": each.sha256 for name, each in packages.items()}
    planned = replace(planned, lock=lock_step(hashes, planned.engine))
    if not (planned.hello_world and hello_world):
        return planned
    proof = ImagesStep(pins=((pinned(HELLO, hello_world), HELLO),))
    return replace(planned, images=together(planned.images or ImagesStep(), proof))
