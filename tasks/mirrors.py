"""What the host remembers of its registry mirrors, so that they are tried out only when needed."""

from io import StringIO

from pyinfra.api import deploy
from pyinfra.operations import files

from rackwright.marks import MIRRORS
from rackwright.plan import Plan


@deploy("Mirrors")
def mirrors(plan: Plan) -> None:
    """The outcome of the last probing is on the host."""
    step = plan.mirrors
    if step is None:
        return
    if step.content is None:
        files.file(name="The host forgets its mirrors", path=MIRRORS, present=False)
    else:
        files.put(
            name="The host remembers which mirrors it can use",
            src=StringIO(step.content),
            dest=MIRRORS,
            mode="0644",
        )
