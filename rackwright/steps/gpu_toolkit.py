"""NVIDIA's Container Toolkit: its repository, its four packages at one version, Docker's keys."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from rackwright.change import Change
from rackwright.look.gpu import Gpus
from rackwright.look.observed import Observed
from rackwright.packages.nvidia import RUNTIME, TOOLKIT_PACKAGES
from rackwright.packages.nvidia_sources import cuda_repository, toolkit_repository
from rackwright.settings import Settings
from rackwright.settings.values import DEBIAN_VERSION
from rackwright.steps.engine import version_fits
from rackwright.steps.repository import RepositoryStep, one_definition

# Docker Engine 25.0 release notes; a feature that has to be switched on before 28.3.
CDI_SINCE = 25


@dataclass(frozen=True)
class GpuSourcesStep:
    """The repositories of NVIDIA's that change."""

    steps: tuple[RepositoryStep, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change of them."""
        return tuple(change for step in self.steps for change in step.changes)


@dataclass(frozen=True)
class ToolkitStep:
    """The packages as arguments of apt-get install: all four, so that they stay together.

    `lifted` are those that a hold of ours comes off; `first` says that there was no toolkit before.
    """

    packages: tuple[str, ...]
    lifted: tuple[str, ...]
    first: bool
    changes: tuple[Change, ...]

    @property
    def installs(self) -> tuple[str, ...]:
        """What apt is asked for."""
        return self.packages


def gpu_sources_step(
    settings: Settings, observed: Observed, docker: RepositoryStep | None
) -> GpuSourcesStep | None:
    """The wanted repositories; None when the host has each once and as wanted.

    `docker` is the step that is done before, maybe in the same files.
    """
    gpus = observed.gpus
    if gpus is None:
        return None
    wanted = []
    if settings.gpu_driver != "keep" and (cuda := cuda_repository(settings, observed)):
        wanted.append(cuda)
    if settings.gpu_toolkit_version is not None:
        wanted.append(toolkit_repository(settings, observed))
    sources = docker.after(gpus.sources) if docker else gpus.sources
    steps = []
    for repository in wanted:
        keyring = gpus.keyrings.get(repository.keyring)
        if step := one_definition(repository, observed, sources, keyring):
            sources = step.after(sources)
            steps.append(step)
    return GpuSourcesStep(tuple(steps)) if steps else None


def toolkit_step(settings: Settings, observed: Observed) -> ToolkitStep | None:
    """What to install; None when all four are there, whole, and of one wanted version."""
    wanted, gpus = settings.gpu_toolkit_version, observed.gpus
    if gpus is None or wanted is None:
        return None
    there = {name: gpus.packages.get(name) for name in TOOLKIT_PACKAGES}
    versions = {package.version for package in there.values() if package}
    fits = all(
        package and package.whole and version_fits(package.version, wanted)
        for package in there.values()
    )
    if fits and len(versions) == 1:
        return None
    after = "newest" if wanted == "latest" else wanted
    changes = []
    for name, package in there.items():
        if package is None:
            reason = "containers get the GPUs through it"
        elif package.whole and version_fits(package.version, wanted):
            reason = "all four have to be of one version"
        else:
            reason = "another version is wanted"
        before = package.version if package else "not installed"
        changes.append(Change("toolkit", name, before, after, reason))
    held = (name for name, package in there.items() if package and package.held)
    return ToolkitStep(
        packages=tuple(_argument(name, wanted) for name in TOOLKIT_PACKAGES),
        lifted=tuple(name for name in held if name in observed.holds),
        first=there[TOOLKIT_PACKAGES[0]] is None,
        changes=tuple(changes),
    )


def gpu_daemon_keys(
    settings: Settings, gpus: Gpus | None, engine_version: str | None
) -> Mapping[str, JsonValue]:
    """What the toolkit needs in daemon.json; {} where there are no GPUs or nobody wants it.

    `engine_version` is that of the engine that there is going to be.
    """
    if gpus is None or settings.gpu_toolkit_version is None:
        return {}
    keys: dict[str, JsonValue] = {"runtimes": {"nvidia": {**RUNTIME}}}
    if engine_version is None or int(engine_version.split(".")[0]) >= CDI_SINCE:
        keys["features"] = {"cdi": True}
    if settings.gpu_default_runtime:
        keys["default-runtime"] = "nvidia"
    return keys


def _argument(name: str, wanted: str) -> str:
    # apt takes a pattern for a version; the newest that fits comes first (apt-get(8), "install").
    if wanted == "latest":
        return name
    if DEBIAN_VERSION.fullmatch(wanted):
        return f"{name}={wanted}"
    return f"{name}={wanted}-*" if wanted.count(".") == 2 else f"{name}={wanted}.*"
