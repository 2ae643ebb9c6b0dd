"""Settings with an exact version for every package: what apt is asked for in the end. Pure."""

from collections.abc import Sequence

from debian.debian_support import Version

from rackwright.look.observed import Observed
from rackwright.settings import Settings
from rackwright.steps.engine import (
    CONTAINERD,
    ENGINE,
    version_fits,
    wanted_packages,
    wanted_version,
)
from rackwright.steps.repair import with_repaired
from rackwright.versions.offers import Offer, newest


def resolved(settings: Settings, observed: Observed, offers: Sequence[Offer]) -> Settings:
    """The settings with the versions that a host gets of all packages that they want.

    A package that fits stays, unless `docker_upgrade` asks for the newest. Client and rootless
    extras have the engine's version, and containerd.io moves with it to the newest there is, as in
    Docker's documentation ("Install a specific version"). Raises NotOfferedError.
    """
    observed = with_repaired(observed)
    stay = not settings.docker_upgrade
    engine = _version(ENGINE, settings, observed, offers, stay)
    installed = observed.packages.get(ENGINE)
    moves = installed is None or installed.version != engine
    settings = settings.model_copy(update={"docker_version": engine})
    versions = {
        name: _version(
            name, settings, observed, offers, stay and not (moves and name == CONTAINERD)
        )
        for name in wanted_packages(settings)
    }
    return settings.model_copy(update={"docker_package_versions": versions})


def newer_on_offer(settings: Settings, observed: Observed) -> str | None:
    """The newer engine that "latest" leaves where it is, as the host's apt knows it; or None."""
    installed = observed.packages.get(ENGINE)
    if settings.docker_version != "latest" or not installed or not observed.offered:
        return None
    newer = Version(observed.offered) > Version(installed.version)
    return observed.offered if newer else None


def _version(
    name: str, settings: Settings, observed: Observed, offers: Sequence[Offer], stays: bool
) -> str:
    wanted = wanted_version(name, settings)
    package = observed.packages.get(name)
    fits = package is not None and package.whole and version_fits(package.version, wanted)
    if package and fits and (stays or package.version == wanted):
        return package.version
    offered = newest(name, wanted, offers).version
    # "latest" never means a step back.
    return max(offered, package.version, key=Version) if package and fits else offered
