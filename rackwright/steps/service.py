"""docker.service: enabled, running, and running what is installed and configured.

The only place where it is decided that Docker starts, reloads or restarts.
"""

from dataclasses import dataclass, replace

from rackwright.change import Change, Impact
from rackwright.docker.daemon_keys import NOT_LIVE_RESTORED, reloads
from rackwright.look.observed import Action, Engine, Observed
from rackwright.steps.daemon import DaemonStep, Keys
from rackwright.steps.engine import ENGINE, EngineStep, upstream
from rackwright.steps.unit import UnitStep

# Of NOT_LIVE_RESTORED, what gives the daemon another store, or another place for the containers'
# state: it does not know any more what live-restore kept running.
OTHER_STORE = {
    *("data-root", "exec-root", "features.containerd-snapshotter", "storage-driver"),
    "userns-remap",
}


@dataclass(frozen=True)
class ServiceStep:
    """What to do with docker.service, once, when everything else is in place.

    `reloads_first` switches live-restore on before a restart, and before packages that restart
    Docker by themselves (`with_packages`). `uncovered` says why live-restore does not keep the
    containers running; `stops_first` ends those that it would leave to a daemon that does not know
    them any more.
    """

    action: Action
    changes: tuple[Change, ...]
    reloads_first: bool = False
    stops_first: bool = False
    with_packages: bool = False
    uncovered: str = ""

    @property
    def first(self) -> tuple[str, ...]:
        """What daemon.sh has to do to the containers before Docker restarts."""
        if self.stops_first:
            return ("stop-first",)
        return ("reload-first",) if self.reloads_first else ()


@dataclass(frozen=True)
class Others:
    """The steps of the same plan that docker.service has to take over, and daemon.json's goal.

    `loses_engine`: the running engine is the distribution's and goes before the new one comes.
    `new_toolkit`: NVIDIA's Container Toolkit comes to a host that had none.
    """

    engine: EngineStep | None
    daemon: DaemonStep | None
    unit: UnitStep | None
    goal: Keys
    loses_engine: bool
    new_toolkit: bool = False


def service_step(observed: Observed, others: Others) -> ServiceStep | None:
    """The action that the host needs; None when the daemon runs as it should."""
    running = observed.engine
    if others.loses_engine or running is None or ENGINE not in observed.packages:
        reason = "it must run as soon as it is installed" if others.engine else "it does not answer"
        if observed.silent and not others.loses_engine:  # to start what is active does nothing
            change = _change("restart", observed, reason, Impact.RESTART)
            return ServiceStep("restart", (change,))
        return ServiceStep("start", (_change("start", observed, reason),))
    if reasons := restart_reasons(observed, running, others):
        uncovered = _uncovered(observed, running, others) if running.containers else ""
        stops = running.containers if uncovered else ()
        change = _change("restart", observed, "; ".join(reasons), Impact.RESTART, stops)
        return ServiceStep(
            "restart",
            (change,),
            reloads_first=bool(running.containers and not uncovered and not running.live_restore),
            stops_first=bool(
                stops and running.live_restore and _forgotten(observed, running, others)
            ),
            with_packages=others.engine is not None and others.engine.replaces_running,
            uncovered=uncovered,
        )
    if to_reload := _reload_reason(observed, running, others):
        return ServiceStep("reload", (_change("reload", observed, to_reload, Impact.RELOAD),))
    if observed.unit.get("UnitFileState") != "enabled":
        change = _change("start", observed, "it must come back after a reboot")
        return ServiceStep("start", (change,))
    return None


def deferred(step: ServiceStep | None, others: Others) -> tuple[ServiceStep | None, str]:
    """What is left of the step where Docker must not be restarted, and what is pending."""
    if step is None or step.action != "restart":
        return step, ""
    (change,) = step.changes
    note = f"a restart of Docker is pending ({change.reason}), and docker_restart is never"
    if others.daemon is None or not any(map(reloads, others.daemon.keys)):
        return None, note
    reason = "daemon.json changes keys that a reload takes over"
    reload = replace(change, after="reloaded", reason=reason, impact=Impact.RELOAD, stops=())
    return ServiceStep("reload", (reload,)), note


def restart_reasons(observed: Observed, running: Engine, others: Others) -> list[str]:
    """Why the running daemon needs a restart, half a sentence each."""
    installed = upstream(observed.packages[ENGINE].version)
    reasons = []
    if others.engine and others.engine.replaces_running:
        reasons.append("another engine version is installed")
    elif installed != upstream(running.version):
        reasons.append(f"{installed} is installed, {running.version} still runs")
    if others.daemon and others.daemon.impact is Impact.RESTART:
        reasons.append("daemon.json changes a key that a reload does not take over")
    if others.unit:
        reasons.append("a systemd drop-in changes")
    if others.new_toolkit:
        # moby, daemon/nvidia_linux.go: --gpus works where the hook was there at the start.
        reasons.append("it looks for the Container Toolkit only when it starts")
    if observed.restart_pending is not None:
        reasons.append("its configuration is newer than the daemon that runs")
    elif not others.daemon:
        shown = not_in_force(others.goal, running)
        reasons += [sentence for key, sentence in shown.items() if not reloads(key)]
    return reasons


def not_in_force(goal: Keys, running: Engine) -> dict[str, str]:
    """Keys of the goal that the running daemon shows otherwise, with half a sentence each.

    Only keys that `docker info` shows as they were written are judged; what nobody asked for is
    not judged at all.
    """
    shown = {
        # docker info ends every mirror with a slash.
        "registry-mirrors": [mirror.rstrip("/") for mirror in running.registry_mirrors],
        "live-restore": running.live_restore,
        "debug": running.debug,
        "labels": list(running.labels),
        "log-driver": running.log_driver,
        "data-root": running.data_root,
    }
    differing = {
        key: f"{key} is {value}, wanted is {goal[key]}"
        for key, value in shown.items()
        if key in goal and value != goal[key]
    }
    # docker info shows networks of its own among the insecure ones.
    insecure = goal.get("insecure-registries")
    wanted = set(map(str, insecure if isinstance(insecure, list) else ()))
    if lacking := wanted - set(running.insecure_registries):
        differing["insecure-registries"] = f"{', '.join(sorted(lacking))} counts as secure"
    return differing


def _uncovered(observed: Observed, running: Engine, others: Others) -> str:
    if running.swarm:
        return "the host is a node of a swarm, where there is no live-restore"
    if beyond := _changed(observed, running, others) & NOT_LIVE_RESTORED:
        return f"live-restore does not reach over a change of {', '.join(sorted(beyond))}"
    if _forgotten(observed, running, others):
        return "containerd gets another root, where it does not know them"
    if not others.goal.get("live-restore", running.live_restore):
        return "live-restore is off"
    return ""


def _forgotten(observed: Observed, running: Engine, others: Others) -> bool:
    moves_containerd = others.unit is not None and others.unit.moves_containerd
    return moves_containerd or not OTHER_STORE.isdisjoint(_changed(observed, running, others))


def _changed(observed: Observed, running: Engine, others: Others) -> set[str]:
    # What was written while Docker must not be restarted is no change of this run.
    now = others.daemon.keys if others.daemon else ()
    return {*now, *(observed.restart_pending or ()), *not_in_force(others.goal, running)}


def _reload_reason(observed: Observed, running: Engine, others: Others) -> str | None:
    if others.daemon:
        return "daemon.json changes keys that a reload takes over"
    if observed.unfinished == "reload" or not_in_force(others.goal, running):
        return "daemon.json was changed and is not in force yet"
    return None


def _change(
    action: Action,
    observed: Observed,
    reason: str,
    impact: Impact = Impact.NONE,
    stops: tuple[str, ...] = (),
) -> Change:
    before = ", ".join(
        observed.unit.get(key, "unknown") for key in ("ActiveState", "UnitFileState")
    )
    after = {"start": "active, enabled", "reload": "reloaded", "restart": "restarted"}[action]
    return Change("service", "docker.service", before, after, reason, impact, stops)
