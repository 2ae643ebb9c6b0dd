"""Who may use Docker without sudo."""

from dataclasses import dataclass

from rackwright.change import Change
from rackwright.look.observed import Observed
from rackwright.settings import Settings

GROUP = "docker"


@dataclass(frozen=True)
class UsersStep:
    """The users who become members of the docker group, and whether it has to be made first."""

    users: tuple[str, ...]
    makes_group: bool
    changes: tuple[Change, ...]


def users_step(settings: Settings, observed: Observed, installs: bool) -> UsersStep | None:
    """Whom to add; None when every wanted user is a member.

    Where the engine is about to be installed (`installs`), its package makes the group.
    """
    members = observed.docker_group or frozenset()
    users = tuple(user for user in settings.docker_users if user not in members)
    if not users:
        return None
    changes = tuple(
        Change("users", user, "not in group docker", "member", "docker_users names them")
        for user in users
    )
    return UsersStep(users, observed.docker_group is None and not installs, changes)


def missing_users(settings: Settings, observed: Observed) -> tuple[str, ...]:
    """Wanted users who do not exist on the host."""
    wanted = (*settings.docker_users, *settings.docker_rootless_users)
    return tuple(user for user in wanted if user not in observed.users)
