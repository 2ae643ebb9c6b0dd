"""The docker group."""

import shlex

from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.plan import Plan
from rackwright.steps.users import GROUP


@deploy("Users")
def users(plan: Plan) -> None:
    """The wanted users are members; nobody is taken out."""
    step = plan.users
    if step is None:
        return
    if step.makes_group:
        server.group(name=f"Group {GROUP} exists", group=GROUP, system=True)
    # gpasswd also knows users of a directory service, which usermod does not.
    server.shell(
        name=f"{', '.join(step.users)} can use Docker without sudo",
        commands=[f"gpasswd --add {shlex.quote(user)} {GROUP}" for user in step.users],
    )
