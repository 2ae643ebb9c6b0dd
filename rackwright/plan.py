"""The plan of one host: a pure function of what is wanted and what is."""

from dataclasses import dataclass, fields
from itertools import chain

from rackwright.change import Change, Impact
from rackwright.distro import ENGINES, KUBERNETES, RUNTIMES, unsupported
from rackwright.observed import Observed
from rackwright.settings import Settings
from rackwright.steps.conflicts import ConflictsStep, conflicts_step
from rackwright.steps.daemon import DAEMON_JSON, DaemonJsonError, DaemonStep, daemon_step
from rackwright.steps.engine import ENGINE, EngineStep, engine_step, older
from rackwright.steps.repair import RepairStep, repair_step
from rackwright.steps.repository import RepositoryStep, repository_step
from rackwright.steps.service import ServiceStep, service_step
from rackwright.steps.users import UsersStep, missing_users, users_step


class RefusedError(ValueError):
    """A host that must not be touched; `reasons` says why and what to do, a sentence each."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


@dataclass(frozen=True)
class Plan:
    """What each task has to do on one host, in the order of the run; None is nothing.

    `resumes` is true when an earlier run on this host did not get to its end.
    """

    repair: RepairStep | None = None
    repository: RepositoryStep | None = None
    conflicts: ConflictsStep | None = None
    daemon: DaemonStep | None = None
    engine: EngineStep | None = None
    service: ServiceStep | None = None
    users: UsersStep | None = None
    hello_world: bool = False
    resumes: bool = False

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every change, in the order in which it is made."""
        steps = (getattr(self, field.name) for field in fields(self))
        return tuple(chain.from_iterable(getattr(step, "changes", ()) for step in steps))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do at all, not even to verify."""
        return not (self.changes or self.hello_world or self.resumes)

    @property
    def replaced_files(self) -> tuple[str, ...]:
        """The files of the admin's that the changes overwrite or take away."""
        files: list[str] = []
        if self.repository:
            files += self.repository.replaced_files
        if self.daemon and self.daemon.replaces:
            files.append(DAEMON_JSON)
        return tuple(files)

    @property
    def impact(self) -> Impact:
        """The gravest impact of all changes."""
        return max((change.impact for change in self.changes), default=Impact.NONE)

    @property
    def stops(self) -> tuple[str, ...]:
        """Names of the running containers that the changes stop."""
        return tuple(dict.fromkeys(name for change in self.changes for name in change.stops))


def plan(settings: Settings, observed: Observed) -> Plan:
    """The plan that brings the observed host to the settings; empty when it is there.

    Raises RefusedError when the host must not be touched as it is.
    """
    if reasons := refusals(settings, observed):
        raise RefusedError(reasons)
    repair = repair_step(observed)
    repository = repository_step(settings, observed)
    conflicts = conflicts_step(observed)
    engine = engine_step(settings, observed, new_source=repository is not None)
    loses_engine = conflicts is not None and conflicts.stops_engine
    try:
        daemon = daemon_step(settings, observed)
        service = service_step(settings, observed, engine, daemon, loses_engine)
    except DaemonJsonError as error:
        raise RefusedError((str(error),)) from None
    users = users_step(settings, observed, installs=engine is not None)
    resumes = observed.unfinished is not None
    changed = any((repair, repository, conflicts, engine, daemon, service, users, resumes))
    return Plan(
        repair=repair,
        repository=repository,
        conflicts=conflicts,
        daemon=daemon,
        engine=engine,
        service=service,
        users=users,
        hello_world=settings.docker_verify == "always"
        or (settings.docker_verify == "changed" and changed),
        resumes=resumes,
    )


def refusals(settings: Settings, observed: Observed) -> tuple[str, ...]:
    """Why this host must not be touched as it is; () when it may."""
    reasons = []
    if observed.uid != 0:
        reasons.append("the login is not root and sudo did not make it so")
    if reason := unsupported(observed.distro, observed.release, observed.codename):
        reasons.append(reason)
    if not observed.has_systemd:
        reasons.append("systemd does not run here, so nothing would keep Docker running")
    if observed.engine and not ({ENGINE} | ENGINES) & set(observed.packages):
        reasons.append(
            "a Docker Engine runs here that came from no package that Rackwright knows (a snap, "
            "moby-engine, static binaries?); remove it first"
        )
    if KUBERNETES in observed.packages and RUNTIMES & set(observed.packages):
        reasons.append(
            "this is a Kubernetes node on the distribution's containerd, which Docker's packages "
            "would replace under its pods; take it out of the inventory, or remove kubelet"
        )
    if missing := missing_users(settings, observed):
        reasons.append(
            f"docker_users names {', '.join(missing)}, who "
            f"{'does' if len(missing) == 1 else 'do'} not exist on the host; "
            "create them or take them out"
        )
    installed = observed.packages.get(ENGINE)
    if installed and installed.whole and older(settings.docker_version, installed.version):
        reasons.append(
            f"docker_version {settings.docker_version} is older than the installed "
            f"{installed.version}; set docker_version to a newer one or to latest"
        )
    return tuple(reasons)
