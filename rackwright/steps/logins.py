"""Registry logins: who is logged in where by us, and who is to be.

The password itself is in no plan: only where it comes from, and the digest that the host keeps.
"""

from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from rackwright.change import Change
from rackwright.laptop.passwords import Passwords
from rackwright.look.observed import Observed
from rackwright.settings import Settings
from rackwright.settings.logins import Login

# What config.json calls Docker Hub (docker/cli, docs/reference/commandline/login.md).
_HUB_KEY = "https://index.docker.io/v1/"


class Remembered(BaseModel, frozen=True):
    """A login that is ours. Without `digest`, a run died before it was done."""

    registry: str
    user: str
    username: str
    salt: str = ""
    digest: str = ""


class Memory(BaseModel, frozen=True):
    """What a host remembers of our logins."""

    logins: tuple[Remembered, ...] = ()


@dataclass(frozen=True)
class UserLogin:
    """A user of the host and a registry; `login` says how."""

    user: str
    registry: str
    login: Login

    @property
    def advice(self) -> str:
        """What to do when the registry refuses."""
        kind, name = self.login.source
        origin = f"the environment variable {name}" if kind == "env" else f"`{name}`"
        return (
            f"{self.user} cannot log in to {self.registry} as {self.login.username}; the reason "
            f"stands above. Check the username, and the password that {origin} gives"
        )


@dataclass(frozen=True)
class LoginsStep:
    """Who is logged out, who in, and the host's memory before and after that."""

    logouts: tuple[Remembered, ...]
    logins: tuple[UserLogin, ...]
    before: str
    after: str
    changes: tuple[Change, ...]


def config_key(registry: str) -> str:
    """The registry's name among the `auths` of Docker's config.json."""
    return _HUB_KEY if registry == "docker.io" else registry


def logins_step(
    settings: Settings, observed: Observed, passwords: Passwords | None
) -> LoginsStep | None:
    """Who has to be logged in and out; None when all are as they should be.

    Without `passwords`, a changed one is not noticed.
    """
    ours = {(each.registry, each.user): each for each in _memory(observed).logins}
    wanted = {
        (registry, user): UserLogin(user, registry, login)
        for registry, login in settings.docker_registry_logins.items()
        for user in login.users
    }
    reasons = {
        key: reason
        for key, each in wanted.items()
        if (reason := _reason(each, ours.get(key), observed, passwords))
    }
    gone = {key: each for key, each in ours.items() if key not in wanted}
    if not reasons and not gone:
        return None
    stay = {key: each for key, each in ours.items() if key not in gone}
    begun = {key: _remembered(wanted[key], None) for key in reasons}
    done = {key: _remembered(wanted[key], passwords) for key in reasons}
    return LoginsStep(
        logouts=tuple(gone.values()),
        logins=tuple(wanted[key] for key in reasons),
        before=_text({**ours, **begun}),
        after=_text({**stay, **done}),
        changes=(
            *(_logout(each) for each in gone.values()),
            *(_login(wanted[key], observed, reason) for key, reason in reasons.items()),
        ),
    )


def _reason(
    each: UserLogin, ours: Remembered | None, observed: Observed, passwords: Passwords | None
) -> str | None:
    if ours is None:
        return "docker_registry_logins names it"
    if not ours.digest:
        return "an earlier run did not get to it"
    if ours.username != each.login.username:
        return f"it was {ours.username} before"
    if passwords and passwords.digest(each.login.source, ours.salt) != ours.digest:
        return "the password is another one now"
    if (each.user, config_key(each.registry)) not in observed.logins:
        return "somebody logged out"
    return None


def _remembered(each: UserLogin, passwords: Passwords | None) -> Remembered:
    known = {"registry": each.registry, "user": each.user, "username": each.login.username}
    if passwords is None:
        return Remembered(**known)
    digest = passwords.digest(each.login.source, passwords.salt)
    return Remembered(**known, salt=passwords.salt, digest=digest)


def _memory(observed: Observed) -> Memory:
    try:
        return Memory.model_validate_json(observed.logins_json or "")
    except ValidationError:
        return Memory()


def _text(logins: dict[tuple[str, str], Remembered]) -> str:
    return Memory(logins=tuple(logins.values())).model_dump_json(indent=2) + "\n"


def _login(each: UserLogin, observed: Observed, reason: str) -> Change:
    there = (each.user, config_key(each.registry)) in observed.logins
    before = "logged in" if there else "not logged in"
    after = f"logged in as {each.login.username}"
    return Change("logins", f"{each.registry} for {each.user}", before, after, reason)


def _logout(each: Remembered) -> Change:
    what = f"{each.registry} for {each.user}"
    reason = "docker_registry_logins does not name it any more"
    return Change("logins", what, f"logged in as {each.username}", "logged out", reason)
