"""Images, containers and volumes go; they were asked for by name."""

import shlex

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.plan import Plan


@deploy("Purge data")
def purge_data(plan: Plan) -> None:
    """Docker's data is gone, and nothing of another file system that is mounted below it."""
    step = plan.purge
    if step is None:
        return
    for path in host.loop(step.data):
        quoted = shlex.quote(path)
        # The folder itself stays where a disk is mounted on it, or a link leads to it.
        server.shell(
            name=f"{path} is empty",
            commands=[
                f'folder=$(readlink -e {quoted}) && find "$folder" -xdev -mindepth 1 -delete'
                f" && {{ rmdir {quoted} 2>/dev/null || true; }}"
            ],
        )
