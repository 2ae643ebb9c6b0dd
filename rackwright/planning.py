"""From what is wanted and what is to the plan of one host. Pure."""

from dataclasses import replace

from rackwright.change import Impact
from rackwright.host.error import RefusedError
from rackwright.laptop.passwords import Passwords
from rackwright.look.mirrors import ProbedMirrors
from rackwright.look.observed import Observed
from rackwright.packages.mirror_choice import source_refusals
from rackwright.plan import Plan
from rackwright.refusals import refusals
from rackwright.settings import Settings
from rackwright.stages.engine import with_engine
from rackwright.stages.ground import with_ground
from rackwright.stages.workload import with_workload
from rackwright.steps.gpu import gpu_verification, with_jobs


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
    planned = Plan(
        resumes=observed.unfinished is not None,
        apt_timeout=settings.docker_apt_timeout,
        architecture=observed.architecture,
    )
    planned, observed = with_ground(planned, settings, observed)
    engine = with_engine(planned, settings, observed, probed)
    planned = with_workload(engine.plan, engine.settings, observed, passwords)
    proof = settings.docker_verify
    proves = proof == "always" or (proof == "changed" and _touches_docker(planned))
    shown = gpu_verification(
        settings, observed, planned, keys=engine.cdi, restart_pending=engine.restart_pending
    )
    planned = replace(planned, hello_world=proves, gpu_verify=shown)
    return with_jobs(settings, observed, replace(planned, idle=_idle(settings, observed, planned)))


def _idle(settings: Settings, observed: Observed, planned: Plan) -> bool:
    stops = planned.impact >= Impact.RESTART and not settings.docker_allow_container_stop
    return stops and observed.engine is not None and not observed.engine.containers


def _touches_docker(planned: Plan) -> bool:
    """Whether anything changes on which running a container depends."""
    return any(
        (
            *(planned.repair, planned.apt_cache, planned.cache, planned.repository),
            *(planned.conflicts, planned.mirrors, planned.engine, planned.hold, planned.daemon),
            *(planned.unit, planned.service, planned.users, planned.logins, planned.rootless),
            planned.resumes,
        )
    )
