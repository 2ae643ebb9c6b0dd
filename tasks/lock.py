"""The lock file's word on packages, kept before any of them is downloaded."""

from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.host.script import command
from rackwright.lock import COMPARE
from rackwright.plan import Plan


@deploy("Lock")
def lock(plan: Plan) -> None:
    """What apt would install is, byte for byte, what the lock file names."""
    step = plan.lock
    if step is None:
        return
    server.shell(
        name="The packages on offer are those of the lock file",
        commands=[command(COMPARE, *(word for pair in step.hashes.items() for word in pair))],
    )
