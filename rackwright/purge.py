"""The plan of a purge: a pure function of what is on the host and what the admin said."""

from rackwright.distro import ENGINES, KUBERNETES, RUNTIMES
from rackwright.host.error import RefusedError
from rackwright.look.leftovers import Leftovers
from rackwright.look.observed import Observed
from rackwright.plan import Plan
from rackwright.settings import Settings
from rackwright.steps.apt_cache import apt_cache_back
from rackwright.steps.cache import cache_back
from rackwright.steps.conflicts import kept_for
from rackwright.steps.daemon import DaemonJsonError
from rackwright.steps.engine import ENGINE
from rackwright.steps.pip import pip_back
from rackwright.steps.purge import Words, purge_notes, purge_step
from rackwright.steps.repair import repair_step
from rackwright.steps.sources import sources_back, with_new_sources

# Where Docker's own containerd listens; others, like that of k3s, listen elsewhere.
CONTAINERD = "/run/containerd/containerd.sock"
DOCKERS_NAMESPACE = "moby"
PURGED = "a purge takes away what Rackwright made"


def purge_plan(settings: Settings, observed: Observed, left: Leftovers, words: Words) -> Plan:
    """The plan that takes Docker off the observed host; empty when nothing of it is left.

    Raises RefusedError when the host must not be purged as it is.
    """
    try:
        if reasons := refusals(observed, left, words):
            raise RefusedError(reasons)
        sources, pip = sources_back(observed), pip_back(observed)
        observed = with_new_sources(observed, sources)
        apt_cache, gone = apt_cache_back(observed, PURGED), cache_back(observed, PURGED)
        purge = purge_step(settings, observed, left, words)
        notes = purge_notes(settings, observed, left, words)
    except DaemonJsonError as error:
        raise RefusedError((str(error),)) from None
    repair = repair_step(observed) if purge else None
    return Plan(
        repair=repair,
        sources=sources,
        pip=pip,
        apt_cache=apt_cache,
        cache_gone=gone,
        purge=purge,
        resumes=observed.unfinished is not None,
        notes=notes,
        apt_timeout=settings.docker_apt_timeout,
        compared=False,
    )


def refusals(observed: Observed, left: Leftovers, words: Words) -> tuple[str, ...]:
    """Why this host must not be purged as it is; () when it may."""
    reasons = []
    if observed.uid != 0:
        reasons.append("the login is not root and sudo did not make it so")
    installed = observed.packages.keys()
    engines = ENGINES & installed
    if engines or (observed.engine and ENGINE not in installed):
        reasons.append(
            f"the Docker Engine here ({', '.join(engines) or 'a snap, moby-engine?'}) is not one "
            "that Rackwright installed; leave this host out, or remove that engine first"
        )
    if KUBERNETES in installed:
        reasons.append(
            "this is a Kubernetes node, whose pods may run on Docker's containerd; drain it and "
            "remove kubelet first"
        )
    if words.data and RUNTIMES & installed:
        reasons.append(
            "the distribution's containerd or runc is installed, and data=true would delete the "
            "data under it; remove it first"
        )
    if left.dependents:
        reasons.append(kept_for(left.dependents, "Docker's packages"))
    return (*reasons, *_running(observed, left, words))


def _running(observed: Observed, left: Leftovers, words: Words) -> list[str]:
    names = (
        *(observed.engine.containers if observed.engine else ()),
        *observed.rootless_containers,
    )
    if names and not words.stop_containers:
        return [f"the containers {', '.join(names)} run here; stop_containers=true stops them"]
    shims = [shim for shim in left.shims if shim.address == CONTAINERD]
    unknown = [
        f"{shim.namespace}/{shim.container[:12]}"
        for shim in shims
        if shim.namespace != DOCKERS_NAMESPACE or observed.engine is None
    ]
    if unknown:
        return [
            f"the containers {', '.join(unknown)} run on containerd, and no Docker Engine answers "
            "for them; stop them first (for moby/..., start docker.service for that)"
        ]
    return []
