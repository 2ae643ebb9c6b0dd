"""From what is wanted and what is to the plan of one host. Pure."""

from dataclasses import replace

from rackwright.change import Impact
from rackwright.docker.daemon_maps import entries
from rackwright.laptop.passwords import Passwords
from rackwright.look.mirrors import ProbedMirrors
from rackwright.look.observed import Observed
from rackwright.packages.mirror_choice import source_notes, source_refusals
from rackwright.plan import Plan, RefusedError
from rackwright.refusals import refusals
from rackwright.settings import Settings
from rackwright.steps.apt_cache import apt_cache_notes, apt_cache_step
from rackwright.steps.builds import builds_step
from rackwright.steps.cache import cache_gone, cache_step
from rackwright.steps.compose import compose_step
from rackwright.steps.conflicts import ConflictsStep, conflicts_step
from rackwright.steps.containers import containers_step, made_anew
from rackwright.steps.daemon import (
    DaemonJsonError,
    daemon_step,
    goal,
    read,
)
from rackwright.steps.data_root import left_behind
from rackwright.steps.engine import ENGINE, EngineStep, beside_engine, engine_step, upstream
from rackwright.steps.gpu import gpu_steps, gpu_verification, with_jobs
from rackwright.steps.gpu_toolkit import (
    ToolkitStep,
    gpu_daemon_keys,
    gpu_sources_step,
    toolkit_step,
)
from rackwright.steps.hold import held_back, hold_step
from rackwright.steps.images import ImagesStep, images_step, renewed, together
from rackwright.steps.logins import logins_step
from rackwright.steps.mirrors import choose
from rackwright.steps.networks import networks_step
from rackwright.steps.pip import pip_notes, pip_step
from rackwright.steps.prune import freed, prune_step
from rackwright.steps.repair import repair_step, with_repaired
from rackwright.steps.repository import repository_notes, repository_step
from rackwright.steps.rootless import rootless_step
from rackwright.steps.service import Others, ServiceStep, deferred, service_step
from rackwright.steps.sources import sources_step, with_new_sources
from rackwright.steps.unit import open_socket, unit_step
from rackwright.steps.users import users_step
from rackwright.steps.volumes import volumes_step
from rackwright.steps.workload import workload_notes
from rackwright.versions.resolve import newer_on_offer


def plan(
    settings: Settings,
    observed: Observed,
    probed: ProbedMirrors | None = None,
    passwords: Passwords | None = None,
) -> Plan:
    """The plan that brings the observed host to the settings; empty when it is there.

    `probed` is what the host found of its mirrors, where steps.mirrors.needs_probe asked for that.
    Without `passwords`, a changed password of a registry login is not noticed.
    Raises RefusedError when the host must not be touched as it is.
    """
    if reasons := refusals(settings, observed) or source_refusals(settings, observed):
        raise RefusedError(reasons)
    sources, pip = sources_step(settings, observed), pip_step(settings, observed)
    archive_notes = [*source_notes(settings, observed), *pip_notes(settings, observed)]
    # From here on, the distribution's packages come from where they are to come from.
    observed = with_new_sources(observed, sources)
    repair = repair_step(observed)
    observed = with_repaired(observed)
    apt_cache = apt_cache_step(settings, observed)
    from_bundle = settings.docker_source == "bundle"
    repository = None if from_bundle else repository_step(settings, observed)
    gpu_sources = gpu_sources_step(settings, observed, repository)
    toolkit = toolkit_step(settings, observed)
    conflicts = conflicts_step(observed)
    engine = engine_step(settings, observed, new_source=repository is not None)
    gpu = gpu_steps(settings, observed, toolkit)
    if held := held_back(observed, engine, conflicts, (toolkit, gpu.driver)):
        raise RefusedError((held,))
    mirrors = choose(settings, observed, probed)
    cache = cache_step(settings, observed, mirrors.used)
    # From here on, only the mirrors that the host can use are wanted.
    settings = settings.model_copy(update={"docker_registry_mirrors": mirrors.used})
    notes = [*archive_notes, *apt_cache_notes(settings, observed)]
    notes += [*repository_notes(settings, observed), *mirrors.notes]
    notes += [*workload_notes(settings, observed), *gpu.notes]
    if settings.docker_restart == "never" and engine and engine.replaces_running:
        # Docker's packages restart the daemon by themselves.
        notes.append(f"docker-ce stays at {_running(observed)}: docker_restart is never")
        engine = beside_engine(engine)
    if newer := newer_on_offer(settings, observed):
        notes.append(
            f"docker-ce {newer} is on offer; `pyinfra INVENTORY tasks.upgrade.upgrade` installs it"
        )
    hold = hold_step(settings, observed, engine, (toolkit, gpu.driver))
    others = _others(settings, observed, engine, conflicts, toolkit)
    service, pending = _service(settings, observed, others)
    notes += [pending] if pending else []
    users = users_step(settings, observed, installs=engine is not None)
    logins = logins_step(settings, observed, passwords)
    images = images_step(settings, observed)
    builds = builds_step(settings, observed, images)
    moving = together(images or ImagesStep(), builds.images if builds else ImagesStep())
    other_images = renewed(observed.images, moving) if observed.images else frozenset()
    containers = containers_step(settings, observed, passwords, other_images)
    prune = prune_step(settings, observed, moving, made_anew(containers))
    notes += [freed(prune)] if prune and prune.images else []
    rootless = rootless_step(settings, observed)
    resumes = observed.unfinished is not None
    before_service = (repair, apt_cache, cache, repository, conflicts, mirrors.step, engine, hold)
    after_service = (users, logins, rootless, resumes)
    changed = any((*before_service, others.daemon, others.unit, service, *after_service))
    planned = Plan(
        repair=repair,
        sources=sources,
        pip=pip,
        cache=cache,
        apt_cache=apt_cache,
        cache_gone=cache_gone(settings, observed),
        repository=repository,
        gpu_sources=gpu_sources,
        toolkit=toolkit,
        conflicts=conflicts,
        mirrors=mirrors.step,
        daemon=others.daemon,
        unit=others.unit,
        engine=engine,
        driver=gpu.driver,
        hold=hold,
        service=service,
        reboot=gpu.reboot,
        mig=gpu.mig,
        cdi=gpu.cdi,
        users=users,
        logins=logins,
        images=images,
        builds=builds,
        prune=prune,
        networks=networks_step(settings, observed),
        volumes=volumes_step(settings, observed),
        containers=containers,
        compose=compose_step(settings, observed, passwords),
        rootless=rootless,
        hello_world=settings.docker_verify == "always"
        or (settings.docker_verify == "changed" and changed),
        resumes=resumes,
        notes=tuple(notes),
        apt_timeout=settings.docker_apt_timeout,
        architecture=observed.architecture,
    )
    cdi, waits = "features.cdi" in others.goal, bool(pending)
    shown = gpu_verification(settings, observed, planned, keys=cdi, restart_pending=waits)
    planned = replace(planned, gpu_verify=shown)
    return with_jobs(settings, observed, replace(planned, idle=_idle(settings, observed, planned)))


def _idle(settings: Settings, observed: Observed, planned: Plan) -> bool:
    stops = planned.impact >= Impact.RESTART and not settings.docker_allow_container_stop
    return stops and observed.engine is not None and not observed.engine.containers


def service_left(settings: Settings, observed: Observed) -> ServiceStep | None:
    """What docker.service needs on a host where everything else was done; None when it works.

    Raises RefusedError when its configuration must not come into force.
    """
    used = choose(settings, observed, None).used
    settings = settings.model_copy(update={"docker_registry_mirrors": used})
    others = _others(settings, observed, engine=None, conflicts=None, toolkit=None)
    return _service(settings, observed, others)[0]


def _service(
    settings: Settings, observed: Observed, others: Others
) -> tuple[ServiceStep | None, str]:
    """What to do with docker.service, and what of that is pending, as a sentence."""
    service = service_step(observed, others)
    return deferred(service, others) if settings.docker_restart == "never" else (service, "")


def _running(observed: Observed) -> str:
    return observed.engine.version if observed.engine else "what it is"


def _others(
    settings: Settings,
    observed: Observed,
    engine: EngineStep | None,
    conflicts: ConflictsStep | None,
    toolkit: ToolkitStep | None,
) -> Others:
    installed = observed.packages.get(ENGINE)
    version = upstream(installed.version) if installed and installed.whole else None
    keys = gpu_daemon_keys(settings, observed.gpus, _coming(engine, version))
    wanted = {**entries(keys), **entries(settings.daemon_keys)}
    defaults = settings.daemon_defaults
    try:
        wanted_keys = goal(wanted, defaults, observed)
        daemon = daemon_step(wanted, defaults, observed, version)
        keys = read(daemon.content if daemon else observed.daemon_json)
        unit = unit_step(settings, observed, keys)
        behind = left_behind(wanted_keys, keys, observed, unit)
    except DaemonJsonError as error:
        raise RefusedError((str(error),)) from None
    if reason := open_socket(observed, keys):
        raise RefusedError((reason,))
    if behind and not settings.docker_allow_data_root_change:
        raise RefusedError((f"{behind}, or set docker_allow_data_root_change",))
    return Others(
        engine=engine,
        daemon=daemon,
        unit=unit,
        goal=wanted_keys,
        loses_engine=conflicts is not None and conflicts.stops_engine,
        new_toolkit=toolkit is not None and toolkit.first,
    )


def _coming(engine: EngineStep | None, installed: str | None) -> str | None:
    """The engine's version after the step; None while "latest" is not known yet."""
    wanted = engine.versions.get(ENGINE) if engine else None
    if wanted is None:
        return installed
    return None if wanted == "latest" else upstream(wanted)
