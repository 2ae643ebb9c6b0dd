"""Hosts that must not be touched as they are."""

from rackwright.distro import ENGINES, KUBERNETES, RUNTIMES, unsupported
from rackwright.look.observed import Observed
from rackwright.settings import Settings
from rackwright.steps.cache import cache_refusals
from rackwright.steps.conflicts import dependents_refusal
from rackwright.steps.engine import ENGINE, older, wanted_version
from rackwright.steps.gpu_refusals import gpu_refusals
from rackwright.steps.images import still_used
from rackwright.steps.mirrors import mirror_refusals
from rackwright.steps.repair import restarts_docker
from rackwright.steps.users import missing_users
from rackwright.steps.workload import workload_refusals


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
    if reason := _silent(settings, observed):
        reasons.append(reason)
    if KUBERNETES in observed.packages and RUNTIMES & set(observed.packages):
        reasons.append(
            "this is a Kubernetes node on the distribution's containerd, which Docker's packages "
            "would replace under its pods; take it out of the inventory, or remove kubelet"
        )
    if reason := dependents_refusal(observed):
        reasons.append(reason)
    if missing := missing_users(settings, observed):
        rootless = missing[0] in settings.docker_rootless_users
        setting = "docker_rootless_users" if rootless else "docker_users"
        reasons.append(
            f"{setting} names {', '.join(missing)}, who "
            f"{'does' if len(missing) == 1 else 'do'} not exist on the host; "
            "create them or take them out"
        )
    if settings.docker_restart == "never" and observed.engine and ENGINES & set(observed.packages):
        reasons.append(
            "the distribution's engine would be replaced, which stops it, and docker_restart is "
            "never; set it to when-needed"
        )
    if settings.docker_restart == "never" and restarts_docker(observed):
        reasons.append(
            "dpkg left docker-ce half-way, to complete that restarts Docker, and docker_restart is "
            "never; set it to when-needed"
        )
    swarm = observed.engine is not None and observed.engine.swarm
    if swarm and settings.daemon_keys.get("live-restore"):
        reasons.append(
            "docker_live_restore cannot be on for a node of a swarm; set it to False, or leave "
            "the swarm"
        )
    installed = observed.packages.get(ENGINE)
    wanted = wanted_version(ENGINE, settings)
    back = installed and installed.whole and older(wanted, installed.version)
    if installed and back and not settings.docker_allow_downgrade:
        reasons.append(
            f"{wanted} is older than the installed {installed.version}, and an older engine need "
            "not understand what a newer one wrote in /var/lib/docker; if you want it, set "
            "docker_allow_downgrade for the host, or say allow_downgrade=true to "
            "tasks.upgrade.upgrade"
        )
    reasons += gpu_refusals(settings, observed)
    reasons += cache_refusals(settings, observed)
    reasons += mirror_refusals(settings, observed)
    reasons += still_used(settings, observed)
    return (*reasons, *workload_refusals(settings, observed))


def _silent(settings: Settings, observed: Observed) -> str | None:
    """Why a Docker that runs and does not answer must not be restarted; None when it may be."""
    never = settings.docker_restart == "never"
    if not observed.silent or (settings.docker_allow_container_stop and not never):
        return None
    return (
        f"docker.service is {observed.unit['ActiveState']}, but Docker does not answer, so nobody "
        "knows which containers a restart would stop; see what `docker info` says on the host and "
        "mend that, or restart Docker there"
        f"{'' if never else ', or set docker_allow_container_stop'}"
    )
