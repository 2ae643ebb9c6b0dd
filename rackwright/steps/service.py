"""docker.service: enabled, running, and running what is installed and configured.

The only place where it is decided that Docker starts, reloads or restarts.
"""

from dataclasses import dataclass

from rackwright.change import Change, Impact
from rackwright.observed import Action, Engine, Observed
from rackwright.settings import Settings
from rackwright.steps.daemon import DaemonStep
from rackwright.steps.engine import ENGINE, EngineStep, upstream


@dataclass(frozen=True)
class ServiceStep:
    """What to do with docker.service, once, when everything else is in place."""

    action: Action
    changes: tuple[Change, ...]


def service_step(
    settings: Settings,
    observed: Observed,
    engine: EngineStep | None,
    daemon: DaemonStep | None,
    loses_engine: bool,
) -> ServiceStep | None:
    """The action that the host needs; None when the daemon runs as it should.

    `loses_engine`: the running engine is the distribution's and goes before the new one comes.
    """
    if loses_engine or observed.engine is None or ENGINE not in observed.packages:
        return _start(observed, engine)
    reasons = _restart_reasons(observed, observed.engine, engine, daemon)
    if reasons:
        stops = () if observed.engine.live_restore else observed.engine.containers
        return _step("restart", observed, "; ".join(reasons), Impact.RESTART, stops)
    if reason := _reload_reason(settings, observed, observed.engine, daemon):
        return _step("reload", observed, reason, Impact.RELOAD)
    if observed.unit.get("UnitFileState") != "enabled":
        return _step("start", observed, "it must come back after a reboot")
    return None


def _start(observed: Observed, engine: EngineStep | None) -> ServiceStep | None:
    return _step(
        "start",
        observed,
        "it must run as soon as it is installed" if engine else "Docker does not answer",
    )


def _step(
    action: Action,
    observed: Observed,
    reason: str,
    impact: Impact = Impact.NONE,
    stops: tuple[str, ...] = (),
) -> ServiceStep:
    before = ", ".join(
        observed.unit.get(key, "unknown") for key in ("ActiveState", "UnitFileState")
    )
    after = {"start": "active, enabled", "reload": "reloaded", "restart": "restarted"}[action]
    change = Change("service", "docker.service", before, after, reason, impact, stops)
    return ServiceStep(action, (change,))


def _restart_reasons(
    observed: Observed, running: Engine, engine: EngineStep | None, daemon: DaemonStep | None
) -> list[str]:
    installed = upstream(observed.packages[ENGINE].version)
    reasons = []
    if engine and engine.replaces_running:
        reasons.append("another engine version is installed")
    elif installed != upstream(running.version):
        reasons.append(f"{installed} is installed, {running.version} still runs")
    if daemon and daemon.impact is Impact.RESTART:
        reasons.append("daemon.json changes a key that a reload does not take over")
    if observed.unfinished == "restart":
        reasons.append("an earlier run changed daemon.json and did not get to the restart")
    return reasons


def _reload_reason(
    settings: Settings, observed: Observed, running: Engine, daemon: DaemonStep | None
) -> str | None:
    if daemon:
        return "daemon.json changes keys that a reload takes over"
    if observed.unfinished == "reload" or not in_force(settings, running):
        return "daemon.json was changed and is not in force yet"
    return None


def in_force(settings: Settings, running: Engine) -> bool:
    """Whether the running daemon uses the mirrors and insecure registries that were asked for.

    Keys that the settings leave to the admin are not judged: a daemon shows them in its own way.
    """
    # docker info ends every mirror with a slash.
    shown = tuple(mirror.rstrip("/") for mirror in running.registry_mirrors)
    mirrors = settings.docker_registry_mirrors
    insecure = set(settings.docker_insecure_registries or ())
    return mirrors in (None, shown) and insecure <= set(running.insecure_registries)
