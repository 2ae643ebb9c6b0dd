"""systemd drop-ins beside the packaged units."""

from io import StringIO

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import files, server, systemd

from rackwright.docker import DAEMON_SH
from rackwright.host.script import command
from rackwright.plan import Plan


@deploy("Unit")
def unit(plan: Plan) -> None:
    """The wanted drop-ins are there, and systemd knows them."""
    step = plan.unit
    if step is None:
        return
    server.shell(
        name="The drop-ins in force are kept for the way back",
        commands=[command(DAEMON_SH, "keep"), command(DAEMON_SH, "pending", "restart")],
    )
    for path, text in host.loop(step.files.items()):
        if text is None:
            files.file(name=f"{path} is gone", path=path, present=False)
        else:
            files.put(name=f"{path} is written", src=StringIO(text), dest=path, mode="0644")
    systemd.daemon_reload(name="systemd knows the drop-ins")
