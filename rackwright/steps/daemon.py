"""daemon.json: the wanted keys, merged into whatever the admin has there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from rackwright.change import Change, Impact
from rackwright.observed import Observed
from rackwright.settings import Settings

DAEMON_JSON = "/etc/docker/daemon.json"
# Re-read by a running daemon on SIGHUP (docker/cli, docs/reference/dockerd.md, "Configuration
# reload behavior"). A change of any other key needs a restart.
RELOADABLE = frozenset(
    {
        "authorization-plugins",
        "debug",
        "default-runtime",
        "features",
        "insecure-registries",
        "labels",
        "live-restore",
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "max-download-attempts",
        "registry-mirrors",
        "runtimes",
        "shutdown-timeout",
    }
)


class DaemonJsonError(ValueError):
    """The host's daemon.json cannot be merged into."""


@dataclass(frozen=True)
class DaemonStep:
    """The whole new text of daemon.json; `impact` on a daemon that runs, if one does."""

    content: str
    replaces: bool
    impact: Impact
    changes: tuple[Change, ...]


def daemon_step(settings: Settings, observed: Observed) -> DaemonStep | None:
    """The new daemon.json; None when it holds every wanted key already.

    Raises DaemonJsonError when the one on the host is not a JSON object.
    """
    current = read(observed.daemon_json)
    wanted = settings.daemon_keys
    differing = [key for key, value in wanted.items() if current.get(key, _ABSENT) != value]
    if not differing:
        return None
    impact = impact_of(differing) if observed.engine else Impact.NONE
    stops = observed.engine.containers if observed.engine and _stops(observed, impact) else ()
    return DaemonStep(
        content=json.dumps({**current, **wanted}, indent=2, ensure_ascii=False) + "\n",
        replaces=observed.daemon_json is not None,
        impact=impact,
        changes=tuple(_change(key, current, wanted, observed, stops) for key in differing),
    )


def read(text: str | None) -> dict[str, JsonValue]:
    """The keys of a daemon.json; {} for an absent or empty file. Raises DaemonJsonError."""
    try:
        keys = json.loads(text) if text and text.strip() else {}
    except json.JSONDecodeError as error:
        raise DaemonJsonError(
            f"{DAEMON_JSON} is not valid JSON (line {error.lineno}: {error.msg}); "
            "repair it or move it away"
        ) from None
    if not isinstance(keys, dict):
        raise DaemonJsonError(f"{DAEMON_JSON} is not a JSON object; repair it or move it away")
    return keys


def impact_of(keys: list[str]) -> Impact:
    """What a running daemon needs to take over changes of these keys."""
    return Impact.RELOAD if RELOADABLE.issuperset(keys) else Impact.RESTART


_ABSENT = object()


def _stops(observed: Observed, impact: Impact) -> bool:
    return impact is Impact.RESTART and not (observed.engine and observed.engine.live_restore)


def _change(
    key: str,
    current: Mapping[str, JsonValue],
    wanted: Mapping[str, JsonValue],
    observed: Observed,
    stops: tuple[str, ...],
) -> Change:
    impact = impact_of([key]) if observed.engine else Impact.NONE
    return Change(
        "daemon",
        f"{DAEMON_JSON}: {key}",
        json.dumps(current[key]) if key in current else "absent",
        json.dumps(wanted[key]),
        "the settings ask for it",
        impact,
        stops if impact is Impact.RESTART else (),
    )
