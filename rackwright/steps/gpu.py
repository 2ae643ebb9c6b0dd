"""All that a host's GPUs need, in one go, and whose work that would break."""

from dataclasses import dataclass, replace

from rackwright.gpu.health import hardware, unseen
from rackwright.gpu.jobs import (
    all_jobs,
    computing,
    in_containers,
    in_use,
    lost_by_reload,
    on_gpus,
)
from rackwright.look.gpu import GpuContainer, Gpus
from rackwright.look.observed import Observed
from rackwright.plan import Plan
from rackwright.settings import Settings
from rackwright.settings.images import seconds
from rackwright.steps.gpu_driver import DriverStep, driver_step
from rackwright.steps.gpu_ready import (
    CdiStep,
    GpuVerifyStep,
    MigStep,
    RebootStep,
    cdi_step,
    gpu_verify_step,
    mig_step,
    reboot_reason,
    reboot_step,
)
from rackwright.steps.gpu_toolkit import ToolkitStep


@dataclass(frozen=True)
class GpuSteps:
    """The steps of GPUs that come after Docker's, and what to say of those that do not come."""

    driver: DriverStep | None = None
    reboot: RebootStep | None = None
    mig: MigStep | None = None
    cdi: CdiStep | None = None
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything changes."""
        return any((self.driver, self.reboot, self.mig, self.cdi))


def gpu_steps(settings: Settings, observed: Observed, toolkit: ToolkitStep | None) -> GpuSteps:
    """What the driver needs, and what comes when it is loaded.

    Where that takes a reboot which nobody allowed, the rest waits for it.
    """
    gpus = observed.gpus
    if gpus is None:
        return GpuSteps()
    driver = driver_step(settings, observed)
    # What the driver's step changes is judged when it is done.
    ills = hardware(gpus) if driver else (*unseen(gpus), *hardware(gpus))
    notes = tuple(map(str, ills))
    reason = reboot_reason(gpus, driver)
    if reason and not settings.gpu_allow_reboot:
        pending = (
            f"a reboot is pending ({reason}); MIG and CDI wait for it. Reboot the host when it is "
            "idle, or set gpu_allow_reboot"
        )
        return GpuSteps(driver=driver, notes=(*notes, pending))
    reboot = reboot_step(observed, reason)
    mig = mig_step(settings, gpus, driver, reboot)
    cdi = cdi_step(settings, gpus, (driver, toolkit, reboot, mig))
    return GpuSteps(driver, reboot, mig, cdi, notes)


def gpu_verification(
    settings: Settings, observed: Observed, plan: Plan, *, keys: bool, restart_pending: bool
) -> GpuVerifyStep | None:
    """How to show that the GPUs work; None while a reboot is pending.

    `keys` says whether containers get GPUs through CDI, too. While a restart of Docker is pending,
    which may be the one that shows it the toolkit, only the host is asked.
    """
    steps = (plan.toolkit, plan.driver, plan.reboot, plan.mig, plan.cdi, plan.gpu_sources)
    if reboot_reason(observed.gpus, plan.driver) and plan.reboot is None:
        return None
    # A run that died may have been the one whose changes nobody has seen at work.
    changed = any(steps) or observed.unfinished is not None
    step = gpu_verify_step(settings, observed.gpus, changed, keys)
    return replace(step, image="") if step and restart_pending else step


def jobs_at_risk(observed: Observed, plan: Plan) -> tuple[str, ...]:
    """Who computes on the GPUs and would be broken by this plan, each in half a sentence."""
    gpus = observed.gpus
    if gpus is None:
        return ()
    jobs: list[str] = []
    if _replaces(plan):
        jobs += all_jobs(gpus)
    if plan.mig:
        jobs += on_gpus(gpus, plan.mig.profiles)
    jobs += in_containers(gpus, plan.stops)
    jobs += in_use(gpus, _losers(gpus, observed, plan))
    return tuple(dict.fromkeys(jobs))


def _losers(gpus: Gpus, observed: Observed, plan: Plan) -> tuple[GpuContainer, ...]:
    """The running containers that lose their GPUs by this plan, without a word to them."""
    if plan.mig:  # nobody can tell whose devices go
        return gpus.containers
    return lost_by_reload(gpus) if _reloads_systemd(observed, plan) else ()


def _replaces(plan: Plan) -> bool:
    """Whether what every job stands on is replaced."""
    driver = plan.driver is not None and plan.driver.breaks_jobs
    return driver or any((plan.reboot, plan.toolkit))


def _reloads_systemd(observed: Observed, plan: Plan) -> bool:
    """Whether systemd reads its units again: new drop-ins, packages with units, one to enable.

    What dpkg left half-way may be any package.
    """
    enables = plan.service is not None and observed.unit.get("UnitFileState") != "enabled"
    units = plan.driver is not None and bool(plan.driver.installs or plan.driver.units)
    others = (plan.unit, plan.engine, plan.conflicts, plan.rootless)
    more = (plan.repair, plan.cache, plan.cache_gone)
    return enables or units or _replaces(plan) or any((*others, *more))


def with_jobs(settings: Settings, observed: Observed, plan: Plan) -> Plan:
    """The plan with the jobs that it would break, and what is done about them."""
    gpus, jobs = observed.gpus, jobs_at_risk(observed, plan)
    if gpus is None:
        return plan
    if settings.gpu_busy == "go":
        note = f"this breaks running jobs, as gpu_busy allows: {'; '.join(jobs)}"
        return replace(plan, notes=(*plan.notes, note)) if jobs else plan
    # Where no driver is loaded, nobody can begin to compute.
    plan = replace(plan, jobs=jobs, gpu_idle=bool(gpus.loaded) and _replaces(plan))
    if settings.gpu_busy == "skip" or not (plan.jobs or plan.gpu_idle):
        return plan
    note = f"waits for up to {settings.gpu_wait} until these jobs end: {'; '.join(jobs)}"
    waits_for = tuple(each.name for each in _losers(gpus, observed, plan))
    return replace(
        plan,
        notes=(*plan.notes, note) if jobs else plan.notes,
        gpu_wait=seconds(settings.gpu_wait),
        gpu_wait_for=waits_for,
        ending=tuple(dict.fromkeys((*waits_for, *computing(gpus)))),
    )
