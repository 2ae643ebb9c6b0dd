"""Registry logins. Passwords travel on standard input, from this machine to docker login."""

import shlex

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.laptop.passwords import password
from rackwright.marks import LOGINS
from rackwright.plan import Plan

REMEMBER = f"umask 077; cat > {LOGINS}.new && mv -f {LOGINS}.new {LOGINS}"
# As the user, in the user's own config.json; no profile of theirs is read.
AS_USER = 'runuser -u {user} -- env HOME="$(getent passwd {user} | cut -d: -f6)" timeout 60 docker'


@deploy("Logins")
def logins(plan: Plan) -> None:
    """The wanted users are logged in, and those who were by us and are not wanted are out."""
    step = plan.logins
    if step is None:
        return
    # Before and after: whatever dies in between, the host knows which logins are ours.
    server.shell(
        name="The host knows which logins are ours", commands=[REMEMBER], _stdin=step.before
    )
    for out in host.loop(step.logouts):
        user, registry = shlex.quote(out.user), shlex.quote(out.registry)
        docker = AS_USER.format(user=user)
        server.shell(
            name=f"{out.user} is logged out of {out.registry}",
            commands=[f"! getent passwd {user} >/dev/null || {docker} logout {registry}"],
        )
    for each in host.loop(step.logins):
        user, registry = shlex.quote(each.user), shlex.quote(each.registry)
        docker = AS_USER.format(user=user)
        name = shlex.quote(each.login.username)
        server.shell(
            name=f"{each.user} is logged in to {each.registry}",
            commands=[
                f"{docker} login --username {name} --password-stdin {registry}"
                f" || {{ echo {shlex.quote(each.advice)} >&2; false; }}"
            ],
            _stdin=password(each.login.source).get_secret_value(),
        )
    server.shell(
        name="The host remembers the logins by their digests",
        commands=[REMEMBER],
        _stdin=step.after,
    )
