"""daemon.json, the docker group and credentials."""

import shlex

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.host.at_hand import at_hand
from rackwright.marks import LEFT, put_in_place
from rackwright.plan import Plan
from rackwright.steps.daemon import DAEMON_JSON
from rackwright.steps.users import GROUP


@deploy("Purge access")
def purge_access(plan: Plan) -> None:
    """Our keys are out of daemon.json, our users out of the group, credentials where asked for."""
    step = plan.purge
    if step is None:
        return
    if step.daemon_json is not None:
        at_hand(name="The admin's keys are at hand", text=step.daemon_json, path=LEFT)
        server.shell(
            name="daemon.json has the admin's keys alone",
            commands=[put_in_place(LEFT, DAEMON_JSON, like=DAEMON_JSON)],
        )
    if step.members:
        server.shell(
            name=f"{', '.join(step.members)} are not in group {GROUP}",
            commands=[f"gpasswd --delete {shlex.quote(user)} {GROUP}" for user in step.members],
        )
    if step.group_goes:
        server.shell(name=f"Group {GROUP} is gone", commands=[f"groupdel {GROUP}"])
    for user, path in host.loop(step.credentials.items()):
        # As the user: root may not on a network home, and must not follow a link of theirs.
        folder = shlex.quote(path.rpartition("/")[0])
        gone = f"rm -f {shlex.quote(path)} && rmdir --ignore-fail-on-non-empty {folder}"
        server.shell(
            name=f"{path} is gone",
            commands=[f"runuser -u {shlex.quote(user)} -- sh -c {shlex.quote(gone)}"],
        )
