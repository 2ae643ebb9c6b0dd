"""pip.conf. An admin's may hold a password: its text travels on standard input alone."""

from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.host.at_hand import at_hand
from rackwright.marks import KEPT, NEW, PIP, keep, put_in_place
from rackwright.plan import Plan
from rackwright.steps.pip import PIP_CONF


@deploy("Pip")
def pip(plan: Plan) -> None:
    """pip uses the wanted index, or again what it used before."""
    step = plan.pip
    if step is None:
        return
    if step.keeps:
        server.shell(name=f"{PIP_CONF} is kept in {KEPT}", commands=[keep(PIP_CONF)])
    if step.memory is not None:
        server.shell(
            name="The host knows which keys are ours",
            commands=[f"cat > {PIP}.new && mv -f {PIP}.new {PIP}"],
            _stdin=step.memory,
        )
    if step.content is None:
        files.file(name=f"{PIP_CONF} is gone", path=PIP_CONF, present=False)
    else:
        new = NEW + PIP_CONF
        like = KEPT + PIP_CONF if step.restored else PIP_CONF if step.replaces else new
        at_hand(name=f"The new text of {PIP_CONF} is at hand", text=step.content, path=new)
        server.shell(
            name=f"{PIP_CONF} has its new text",
            commands=[
                f"chmod 0644 {new} && {put_in_place(new, PIP_CONF, like=like)} && rm -rf {NEW}"
            ],
        )
    if step.memory is None:
        server.shell(
            name="The host forgets which keys were ours", commands=[f"rm -f {KEPT}{PIP_CONF} {PIP}"]
        )
