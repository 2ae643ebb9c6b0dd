"""The plan of one host: what each task has to do there. Data; planning.py makes it."""

from dataclasses import dataclass, fields
from itertools import chain

from rackwright.change import Change, Impact
from rackwright.host_lock.turn import Turn
from rackwright.marks import BUNDLE
from rackwright.settings.references import HELLO, HUB, registry
from rackwright.steps.apt_cache import AptCacheStep
from rackwright.steps.builds import BuildsStep
from rackwright.steps.bundle import BundleImageStep, BundleStep
from rackwright.steps.cache import CacheGoneStep, CacheStep
from rackwright.steps.compose import ComposeStep
from rackwright.steps.conflicts import ConflictsStep
from rackwright.steps.containers import ContainersStep
from rackwright.steps.daemon import (
    DAEMON_JSON,
    DaemonStep,
)
from rackwright.steps.engine import EngineStep
from rackwright.steps.gpu_driver import DriverStep
from rackwright.steps.gpu_ready import CdiStep, GpuVerifyStep, MigStep, RebootStep
from rackwright.steps.gpu_toolkit import GpuSourcesStep, ToolkitStep
from rackwright.steps.hold import HoldStep
from rackwright.steps.images import ImagesStep
from rackwright.steps.lock import LockStep
from rackwright.steps.logins import LoginsStep
from rackwright.steps.mirrors import MirrorsStep
from rackwright.steps.networks import NetworksStep
from rackwright.steps.pip import PIP_CONF, PipStep
from rackwright.steps.prune import PruneStep
from rackwright.steps.purge import PurgeStep
from rackwright.steps.repair import RepairStep
from rackwright.steps.repository import RepositoryStep
from rackwright.steps.rootless import RootlessStep
from rackwright.steps.service import ServiceStep
from rackwright.steps.sources import SourcesStep
from rackwright.steps.unit import UnitStep
from rackwright.steps.users import UsersStep
from rackwright.steps.volumes import VolumesStep


@dataclass(frozen=True)
class Plan:
    """What each task has to do on one host, in the order of the run; None is nothing.

    `resumes` is true when an earlier run on this host did not get to its end. `notes` are sentences
    about what is left as it is and why, for the admin to know. `jobs` on the GPUs would be broken,
    and nobody gave them up; `gpu_wait` is for how many seconds they are waited for,
    and for the containers in `gpu_wait_for`, idle or not; those in `ending` have ended by then,
    with their jobs or by themselves. With `gpu_idle`, a job that starts after the plan was made
    would be broken, and is looked for again. `idle` says that Docker stops on the way, that nothing
    ran in it, and that nobody gave up what may have been started since. `apt_timeout`
    is how many seconds to wait for whoever else uses apt. `turn` is by what the run holds the host
    while it makes changes.
    `architecture` is the host's, as Debian and Docker name it. `compared` says that the changes are
    what differs from the settings.
    """

    repair: RepairStep | None = None
    sources: SourcesStep | None = None
    pip: PipStep | None = None
    cache: CacheStep | None = None
    apt_cache: AptCacheStep | None = None
    repository: RepositoryStep | None = None
    gpu_sources: GpuSourcesStep | None = None
    lock: LockStep | None = None
    bundle: BundleStep | None = None
    conflicts: ConflictsStep | None = None
    mirrors: MirrorsStep | None = None
    toolkit: ToolkitStep | None = None
    daemon: DaemonStep | None = None
    unit: UnitStep | None = None
    engine: EngineStep | None = None
    driver: DriverStep | None = None
    hold: HoldStep | None = None
    service: ServiceStep | None = None
    reboot: RebootStep | None = None
    mig: MigStep | None = None
    cdi: CdiStep | None = None
    cache_gone: CacheGoneStep | None = None
    users: UsersStep | None = None
    logins: LoginsStep | None = None
    bundle_image: BundleImageStep | None = None
    images: ImagesStep | None = None
    builds: BuildsStep | None = None
    networks: NetworksStep | None = None
    volumes: VolumesStep | None = None
    containers: ContainersStep | None = None
    compose: ComposeStep | None = None
    prune: PruneStep | None = None
    rootless: RootlessStep | None = None
    purge: PurgeStep | None = None
    gpu_verify: GpuVerifyStep | None = None
    hello_world: bool = False
    resumes: bool = False
    notes: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    gpu_idle: bool = False
    gpu_wait: int = 0
    gpu_wait_for: tuple[str, ...] = ()
    ending: tuple[str, ...] = ()
    idle: bool = False
    apt_timeout: int = 300
    turn: Turn | None = None
    architecture: str = ""
    compared: bool = True

    @property
    def repositories(self) -> tuple[RepositoryStep, ...]:
        """Every repository that changes."""
        docker = (self.repository,) if self.repository else ()
        return (*docker, *(self.gpu_sources.steps if self.gpu_sources else ()))

    @property
    def uses_apt(self) -> bool:
        """Whether apt or dpkg have to do something."""
        steps = (self.repair, self.sources, self.conflicts, self.engine, self.hold)
        return any(
            (
                *steps,
                self.cache,
                self.cache_gone,
                self.toolkit,
                self.driver,
                self.repositories,
                self.rootless,
                self.builds and self.builds.packages,
                self.purge and self.purge.packages,
            )
        )

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change, in the order in which it is made."""
        steps = (getattr(self, field.name) for field in fields(self))
        return tuple(chain.from_iterable(getattr(step, "changes", ()) for step in steps))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do at all, not even to verify."""
        verifies = self.hello_world or self.gpu_verify is not None
        return not (self.changes or verifies or self.resumes)

    @property
    def hub_pulls(self) -> tuple[str, ...]:
        """The images of Docker Hub that are pulled where they are not there."""
        pins = self.images.pins if self.images else ()
        names = [*(self.images.pulls if self.images else ()), *(each for each, _ in pins)]
        names += self.builds.images.pulls if self.builds else ()
        for action in self.containers.actions if self.containers else ():
            if action.act == "make" and action.container.image:
                names.append(action.container.image)
        names += [HELLO] if self.hello_world and HELLO not in dict(pins).values() else []
        return tuple(dict.fromkeys(name for name in names if registry(name) == HUB))

    @property
    def apt_environment(self) -> dict[str, str]:
        """What makes apt use the bundle alone; {} where the host's own sources are used."""
        return {"APT_CONFIG": f"{BUNDLE}/apt.conf"} if self.bundle else {}

    @property
    def replaced_files(self) -> tuple[str, ...]:
        """The files of the admin's that the changes overwrite or take away."""
        files: list[str] = []
        if self.sources:
            files += self.sources.files
        if self.pip and self.pip.replaces:
            files.append(PIP_CONF)
        for repository in self.repositories:
            files += repository.replaced_files
        if self.daemon and self.daemon.replaces:
            files.append(DAEMON_JSON)
        if self.purge:
            files += self.purge.replaced_files
        return tuple(dict.fromkeys(files))

    @property
    def impact(self) -> Impact:
        """The gravest impact of all changes."""
        return max((change.impact for change in self.changes), default=Impact.NONE)

    @property
    def stops(self) -> tuple[str, ...]:
        """Names of the running containers that the changes stop."""
        return tuple(dict.fromkeys(name for change in self.changes for name in change.stops))
