"""Docker's packages: which to install, at which version."""

import re
from dataclasses import dataclass

from rackwright.change import Change, Impact
from rackwright.observed import Observed
from rackwright.settings import Settings

ENGINE = "docker-ce"
# Built from one source at one version; the others have versions of their own.
ENGINE_PACKAGES = (ENGINE, "docker-ce-cli")
EPOCH = "5:"  # of every docker-ce package since 18.09


@dataclass(frozen=True)
class EngineStep:
    """`packages` as apt takes them, in one transaction; `refresh` asks for new package lists."""

    packages: tuple[str, ...]
    refresh: bool
    replaces_running: bool
    changes: tuple[Change, ...]


def wanted_packages(settings: Settings) -> tuple[str, ...]:
    """Names of all packages that make up the engine."""
    plugins = (f"docker-{plugin}-plugin" for plugin in settings.docker_plugins)
    return (*ENGINE_PACKAGES, "containerd.io", *plugins)


def engine_step(settings: Settings, observed: Observed, new_source: bool) -> EngineStep | None:
    """What to install; None when every package is there, whole, and of a wanted version."""
    wanted = settings.docker_version
    missing = [name for name in wanted_packages(settings) if not _fits(name, wanted, observed)]
    if not missing:
        return None
    if wanted != "latest" and set(missing) & set(ENGINE_PACKAGES):
        # Engine and client move together, or apt cannot resolve their exact dependency.
        missing = [*ENGINE_PACKAGES, *(name for name in missing if name not in ENGINE_PACKAGES)]
    replaces = observed.engine is not None and ENGINE in missing
    stops = observed.engine.containers if observed.engine and replaces else ()
    return EngineStep(
        packages=tuple(apt_name(name, wanted) for name in missing),
        refresh=not (observed.apt_lists_fresh and new_source),
        replaces_running=replaces,
        changes=tuple(_change(name, wanted, observed, stops) for name in missing),
    )


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


def apt_name(package: str, wanted: str) -> str:
    """The package as an argument of apt-get install, with its version where one is wanted.

    apt takes the newest version that begins with what stands before a final `*`.
    """
    if wanted == "latest" or package not in ENGINE_PACKAGES:
        return package
    if not wanted.replace(".", "").isdigit():
        return f"{package}={wanted}"
    return f"{package}={EPOCH}{wanted}{'.' if wanted.count('.') < 2 else ''}*"


def _fits(name: str, wanted: str, observed: Observed) -> bool:
    package = observed.packages.get(name)
    if package is None or not package.whole:
        return False
    return name not in ENGINE_PACKAGES or version_fits(package.version, wanted)


def _change(name: str, wanted: str, observed: Observed, stops: tuple[str, ...]) -> Change:
    package = observed.packages.get(name)
    if package is None:
        before, reason = "not installed", "a Docker host needs it"
    elif not package.whole:
        before, reason = f"{package.version}, half-way ({package.status})", "dpkg left it half-way"
    else:
        before, reason = package.version, f"docker_version is {wanted}"
    after = wanted if wanted != "latest" and name in ENGINE_PACKAGES else "newest"
    impact = Impact.RESTART if name == ENGINE and observed.engine else Impact.NONE
    return Change("engine", name, before, after, reason, impact, stops if name == ENGINE else ())


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
