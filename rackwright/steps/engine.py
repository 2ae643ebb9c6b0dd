"""Docker's packages: which to install, at which version."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rackwright.change import Change, Impact
from rackwright.look.observed import Observed
from rackwright.settings import Settings

ENGINE = "docker-ce"
# Built from one source at one version; the others have versions of their own.
ENGINE_PACKAGES = (ENGINE, "docker-ce-cli", "docker-ce-rootless-extras")
CONTAINERD = "containerd.io"


@dataclass(frozen=True)
class EngineStep:
    """Versions by package, for one transaction of apt; `refresh` asks for new package lists.

    Before versions.resolve has spoken, a version may be "latest" or the beginning of one.
    """

    versions: Mapping[str, str]
    refresh: bool
    replaces_running: bool
    changes: tuple[Change, ...]

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages as arguments of apt-get install."""
        return tuple(
            name if version == "latest" else f"{name}={version}"
            for name, version in self.versions.items()
        )


def wanted_packages(settings: Settings) -> tuple[str, ...]:
    """Names of all packages that make up the engine."""
    plugins = (f"docker-{plugin}-plugin" for plugin in settings.docker_plugins)
    return (*ENGINE_PACKAGES, CONTAINERD, *plugins)


def engine_step(settings: Settings, observed: Observed, new_source: bool) -> EngineStep | None:
    """What to install; None when every package is there, whole, and of a wanted version."""
    wanted = {name: wanted_version(name, settings) for name in wanted_packages(settings)}
    missing = [name for name in wanted if not _fits(name, wanted[name], observed)]
    if not missing:
        return None
    return EngineStep(
        versions={name: wanted[name] for name in missing},
        refresh=not (observed.apt_lists_fresh and new_source),
        replaces_running=observed.engine is not None and ENGINE in missing,
        changes=tuple(_change(name, wanted[name], observed) for name in missing),
    )


def beside_engine(step: EngineStep) -> EngineStep | None:
    """What of a step leaves the engine that runs alone; None when that is nothing."""
    moving = {*ENGINE_PACKAGES, CONTAINERD}
    left = {name: version for name, version in step.versions.items() if name not in moving}
    if not left:
        return None
    changes = tuple(change for change in step.changes if change.what in left)
    return replace(step, versions=left, replaces_running=False, changes=changes)


def wanted_version(name: str, settings: Settings) -> str:
    """Which version of a package is wanted, as version_fits takes it."""
    exact = settings.docker_package_versions
    otherwise = exact.get(ENGINE, settings.docker_version) if name in ENGINE_PACKAGES else "latest"
    return exact.get(name, otherwise)


def version_fits(installed: str, wanted: str) -> bool:
    """Whether a Debian version ("5:26.1.5-1~debian.12~bookworm") is one of those wanted.

    `wanted` is "latest" (any), the beginning of an upstream version at a dot ("26.1"), or a whole
    Debian version.
    """
    if wanted in ("latest", installed):
        return True
    return f"{upstream(installed)}.".startswith(f"{wanted}.")


def upstream(version: str) -> str:
    """The upstream part: "26.1.5" of "5:26.1.5-1~debian.12~bookworm" (deb-version(7)).

    Also of what a daemon says of itself: distributions build one that answers "26.1.5+dfsg1".
    """
    return re.split("[-~+]", version.rpartition(":")[2])[0]


def older(wanted: str, installed: str) -> bool:
    """Whether a wanted version is a step back from the installed one."""
    if wanted == "latest" or version_fits(installed, wanted):
        return False
    return _numbers(upstream(wanted)) < _numbers(upstream(installed))


def _fits(name: str, wanted: str, observed: Observed) -> bool:
    package = observed.packages.get(name)
    return package is not None and package.whole and version_fits(package.version, wanted)


def _change(name: str, wanted: str, observed: Observed) -> Change:
    package = observed.packages.get(name)
    if package is None:
        before, reason = "not installed", "a Docker host needs it"
    elif not package.whole:
        before, reason = f"{package.version}, half-way ({package.status})", "dpkg left it half-way"
    else:
        before, reason = package.version, "another version is wanted"
    after = "newest" if wanted == "latest" else wanted
    impact = Impact.RESTART if name == ENGINE and observed.engine else Impact.NONE
    return Change("engine", name, before, after, reason, impact)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
