"""daemon.json: the wanted keys, merged per key into whatever the admin has there."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

from pydantic import JsonValue

from rackwright.change import Change, Impact
from rackwright.docker.daemon_keys import EMPTY_VALUES, reloads
from rackwright.docker.daemon_maps import MAPS, entries, flat, nested, top
from rackwright.look.observed import Observed

DAEMON_JSON = "/etc/docker/daemon.json"
# Of Docker's own log drivers, those that rotate (Docker's manual, "JSON File logging driver" and
# "Local file logging driver"); the others do not know the options for it.
ROTATING_DRIVERS = ("json-file", "local")
VALIDATES_SINCE = 23  # dockerd --validate: Docker Engine 23.0 release notes

Keys = Mapping[str, JsonValue]


class DaemonJsonError(ValueError):
    """The host's daemon.json cannot be merged into."""


@dataclass(frozen=True)
class DaemonStep:
    """The whole new text of daemon.json, and of the record of the keys that are ours.

    `keys` are those that change, `impact` what they mean to a daemon that runs, if one does;
    `validates` says whether the host's own dockerd can judge the file before it is used. `before`
    is the SHA-256 of the file that this was made from, or "absent"; "" where it is not known.
    """

    content: str
    owned: str
    keys: frozenset[str]
    replaces: bool
    validates: bool
    before: str
    impact: Impact
    changes: tuple[Change, ...]


def daemon_step(
    wanted: Keys, defaults: Keys, observed: Observed, engine_version: str | None
) -> DaemonStep | None:
    """The new daemon.json; None when the one on the host says it all already.

    `wanted` goes before everything, `defaults` behind the keys that are there and not ours. Keys
    of ours that nobody wants any more go. `engine_version` is that of the installed dockerd.
    Raises DaemonJsonError when the one on the host is not a JSON object.
    """
    current = read(observed.daemon_json)
    owned = _owned(current, observed)
    wanted, target = entries(wanted), goal(wanted, defaults, observed)
    running = observed.engine is not None
    given_up = _given_up(owned, target, running)
    new = {key: value for key, value in current.items() if key not in given_up}
    new |= {key: value for key, value in given_up.items() if value is not None} | target
    if running:
        new |= _emptied(given_up, new)
    differing = [key for key in {**current, **new} if _differ(key, current, new)]
    if not differing:
        return None
    ours = {key: new[key] for key in new if key in owned or key in differing}
    return DaemonStep(
        content=_text(new),
        owned=_text(ours),
        keys=frozenset(differing),
        replaces=observed.daemon_json is not None,
        validates=int((engine_version or "0").split(".")[0]) >= VALIDATES_SINCE,
        before=_digest(observed.daemon_json),
        impact=impact_of(differing) if observed.engine else Impact.NONE,
        changes=tuple(_change(key, current, new, wanted, target, observed) for key in differing),
    )


def goal(wanted: Keys, defaults: Keys, observed: Observed) -> dict[str, JsonValue]:
    """What Rackwright wants in this host's daemon.json: `wanted`, and `defaults` where they apply.

    Raises DaemonJsonError as daemon_step does.
    """
    current = read(observed.daemon_json)
    owned = _owned(current, observed)
    of_the_admin = {key: value for key, value in current.items() if key not in owned}
    wanted, defaults = entries(wanted), entries(defaults)
    said = {**of_the_admin, **wanted}
    swarm = observed.engine is not None and observed.engine.swarm
    rotates = said.get("log-driver", "json-file") in ROTATING_DRIVERS
    # A node of a swarm cannot have live-restore (Docker's manual, "Live restore").
    unfit = {"live-restore": swarm, "log-opts": not rotates}
    applied = {
        key: value
        for key, value in defaults.items()
        if key not in of_the_admin and not unfit.get(key)
    }
    return applied | wanted


def without_ours(observed: Observed) -> tuple[bool, str | None]:
    """Whether any key of daemon.json is ours, and the text without them; None when none is left.

    Raises DaemonJsonError as daemon_step does.
    """
    current = read(observed.daemon_json)
    owned = _owned(current, observed)
    left = {key: value for key, value in current.items() if key not in owned}
    return bool(owned), _text(left) if left else None


def read(text: str | None) -> dict[str, JsonValue]:
    """The keys of a daemon.json, entries of maps on their own (daemon_maps); {} where it is absent.

    Raises DaemonJsonError.
    """
    try:
        keys = json.loads(text) if text and text.strip() else {}
    except json.JSONDecodeError as error:
        raise DaemonJsonError(
            f"{DAEMON_JSON} is not valid JSON (line {error.lineno}: {error.msg}); "
            "repair it or move it away"
        ) from None
    if not isinstance(keys, dict):
        raise DaemonJsonError(f"{DAEMON_JSON} is not a JSON object; repair it or move it away")
    return flat(keys)


def impact_of(keys: Collection[str]) -> Impact:
    """What a running daemon needs to take over changes of these keys."""
    return Impact.RELOAD if all(map(reloads, keys)) else Impact.RESTART


def _owned(current: Keys, observed: Observed) -> dict[str, JsonValue]:
    # A key that was changed since is the admin's now.
    remembered = flat(observed.owned_keys)
    return {
        key: value for key, value in remembered.items() if not _differ(key, current, remembered)
    }


def _given_up(owned: Keys, target: Keys, running: bool) -> dict[str, JsonValue | None]:
    # None takes the key away.
    going = [key for key in owned if key not in target]
    return {key: EMPTY_VALUES.get(key) if running else None for key in going}


def _emptied(given_up: Keys, new: Keys) -> dict[str, JsonValue]:
    """Maps that have lost their last entry, as a reload has to be told of it."""
    lost = {top(key) for key in given_up if key not in MAPS} & EMPTY_VALUES.keys() & set(MAPS)
    return {name: EMPTY_VALUES[name] for name in lost - {top(key) for key in new}}


def _differ(key: str, one: Keys, other: Keys) -> bool:
    # As JSON: in Python, True equals 1.
    return (key in one) != (key in other) or (key in one and _json(one[key]) != _json(other[key]))


def _json(value: JsonValue) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _text(keys: Keys) -> str:
    return json.dumps(nested(keys), indent=2, ensure_ascii=False) + "\n"


def _digest(text: str | None) -> str:
    if text is None:
        return "absent"
    # In the place of bytes that are not UTF-8 there are others now.
    return "" if "\ufffd" in text else sha256(text.encode()).hexdigest()


def _change(
    key: str, current: Keys, new: Keys, wanted: Keys, target: Keys, observed: Observed
) -> Change:
    if key in wanted:
        reason = "the settings ask for it"
    elif key in target:
        reason = "a default that nobody contradicts"
    else:
        reason = "Rackwright set it, and the settings do not ask for it any more"
    return Change(
        "daemon",
        f"{DAEMON_JSON}: {key}",
        _json(current[key]) if key in current else "absent",
        _json(new[key]) if key in new else "absent",
        reason,
        impact_of([key]) if observed.engine else Impact.NONE,
    )
