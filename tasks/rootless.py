"""Docker daemons of single users, without root."""

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.docker.rootless import (
    HELLO_WORLD,
    PACKAGES,
    answers,
    as_user,
    give_ranges,
    linger,
    remember,
    remove,
    set_up,
)
from rackwright.packages.patience import apt_packages
from rackwright.plan import Plan


@deploy("Rootless")
def rootless(plan: Plan) -> None:
    """Wanted users have a daemon of their own that runs hello-world; others have none from us."""
    step = plan.rootless
    if step is None:
        return
    if step.set_up:
        apt_packages(
            name="Packages for rootless Docker are installed",
            seconds=plan.apt_timeout,
            packages=PACKAGES,
        )
    for user in host.loop(step.set_up):
        server.shell(
            name=f"{user} may have a daemon of their own",
            commands=[remember(user), give_ranges(user), linger(user)],
        )
        server.shell(
            name=f"The daemon of {user} runs",
            commands=[set_up(user, step.daemon_json), answers(user)],
        )
        if plan.hello_world:
            server.shell(
                name=f"hello-world runs on the daemon of {user}",
                commands=[as_user(user, HELLO_WORLD)],
            )
    for user in host.loop(step.removed):
        server.shell(name=f"The daemon of {user} is gone", commands=remove(user))
