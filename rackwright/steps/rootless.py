"""Docker daemons of single users, without root."""

import json
from dataclasses import dataclass

from pydantic import JsonValue

from rackwright.change import Change, Impact
from rackwright.look.observed import Observed
from rackwright.settings import Settings


@dataclass(frozen=True)
class RootlessStep:
    """Who gets a daemon of their own, with which daemon.json at first, and whose goes."""

    set_up: tuple[str, ...]
    daemon_json: str
    removed: tuple[str, ...]
    changes: tuple[Change, ...]


def rootless_step(settings: Settings, observed: Observed) -> RootlessStep | None:
    """Whose daemon to set up and whose to take away; None when all is as wanted."""
    wanted = settings.docker_rootless_users
    set_up = tuple(user for user in wanted if user not in observed.rootless_ready)
    removed = tuple(sorted(observed.rootless_users - set(wanted)))
    if not set_up and not removed:
        return None
    keys: dict[str, JsonValue] = {}
    if settings.docker_registry_mirrors:
        keys["registry-mirrors"] = list(settings.docker_registry_mirrors)
    if settings.docker_insecure_registries:
        keys["insecure-registries"] = list(settings.docker_insecure_registries)
    return RootlessStep(
        set_up,
        json.dumps(keys),
        removed,
        (
            *(_set_up_change(user, observed) for user in set_up),
            *(
                removal(user, observed, "docker_rootless_users does not name them")
                for user in removed
            ),
        ),
    )


def removal(user: str, observed: Observed, reason: str) -> Change:
    """The change that takes a user's daemon away, with the containers that it stops."""
    stops = tuple(name for name in observed.rootless_containers if name.partition("/")[0] == user)
    impact = Impact.RESTART if stops else Impact.NONE
    return Change(
        "rootless", f"Docker of {user}", "there", "removed, its data stays", reason, impact, stops
    )


def _set_up_change(user: str, observed: Observed) -> Change:
    before = "does not answer" if user in observed.rootless_users else "absent"
    return Change(
        "rootless", f"Docker of {user}", before, "answers", "docker_rootless_users names them"
    )
