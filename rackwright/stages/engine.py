"""The engine, what it is told, the packages for GPUs, and the service that runs it."""

from dataclasses import dataclass, replace

from rackwright.docker.daemon_maps import entries
from rackwright.host.error import RefusedError
from rackwright.look.mirrors import ProbedMirrors
from rackwright.look.observed import Observed
from rackwright.plan import Plan
from rackwright.settings import Settings
from rackwright.steps.cache import cache_gone, cache_step
from rackwright.steps.conflicts import ConflictsStep, conflicts_step
from rackwright.steps.daemon import DaemonJsonError, daemon_step, goal, read
from rackwright.steps.data_root import left_behind
from rackwright.steps.engine import ENGINE, EngineStep, beside_engine, engine_step, upstream
from rackwright.steps.gpu import gpu_steps
from rackwright.steps.gpu_toolkit import ToolkitStep, gpu_daemon_keys, toolkit_step
from rackwright.steps.hold import held_back, hold_step
from rackwright.steps.mirrors import choose
from rackwright.steps.service import Others, ServiceStep, deferred, service_step
from rackwright.steps.unit import open_socket, unit_step
from rackwright.versions.resolve import newer_on_offer


@dataclass(frozen=True)
class WithEngine:
    """The plan with its engine, and the settings with the mirrors that the host can use.

    `cdi` says that containers get GPUs through CDI, `restart_pending` that Docker needs a restart
    which it must not have.
    """

    plan: Plan
    settings: Settings
    cdi: bool
    restart_pending: bool


def with_engine(
    plan: Plan, settings: Settings, observed: Observed, probed: ProbedMirrors | None
) -> WithEngine:
    """The plan with its engine. Raises RefusedError when the host must not be touched as it is."""
    toolkit, conflicts = toolkit_step(settings, observed), conflicts_step(observed)
    engine = engine_step(settings, observed, new_source=plan.repository is not None)
    gpu = gpu_steps(settings, observed, toolkit)
    if held := held_back(observed, engine, conflicts, (toolkit, gpu.driver)):
        raise RefusedError((held,))
    mirrors = choose(settings, observed, probed)
    cache = cache_step(settings, observed, mirrors.used)
    settings = settings.model_copy(update={"docker_registry_mirrors": mirrors.used})
    notes = [*mirrors.notes, *gpu.notes]
    if settings.docker_restart == "never" and engine and engine.replaces_running:
        # Docker's packages restart the daemon by themselves.
        notes.append(f"docker-ce stays at {_running(observed)}: docker_restart is never")
        engine = beside_engine(engine)
    if newer := newer_on_offer(settings, observed):
        notes.append(
            f"docker-ce {newer} is on offer; `pyinfra INVENTORY tasks.upgrade.upgrade` installs it"
        )
    others = _others(settings, observed, engine, conflicts, toolkit)
    service, pending = _service(settings, observed, others)
    notes += [pending] if pending else []
    planned = replace(
        plan,
        cache=cache,
        cache_gone=cache_gone(settings, observed),
        toolkit=toolkit,
        conflicts=conflicts,
        mirrors=mirrors.step,
        daemon=others.daemon,
        unit=others.unit,
        engine=engine,
        driver=gpu.driver,
        hold=hold_step(settings, observed, engine, (toolkit, gpu.driver)),
        service=service,
        reboot=gpu.reboot,
        mig=gpu.mig,
        cdi=gpu.cdi,
        notes=(*plan.notes, *notes),
    )
    return WithEngine(planned, settings, "features.cdi" in others.goal, bool(pending))


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
