"""What pyinfra's own command reads first: table and report of a run that reaches not one host.

And who runs `Match exec` of ~/.ssh/config: rackwright/laptop/match_exec.py.

pyinfra ends such a run before it comes to deploy.py, which brings those of every other one. A run
that asks for no host at all it ends with exit code 0; here that gets a sentence.
"""

from datetime import UTC, datetime

import click
import pyinfra
from pyinfra.api.state import StateStage
from pyinfra.context import ctx_state

NOBODY = "No host was asked, and nothing was done: look at the inventory's path and at --limit."


def _nobody_was_reached(started: datetime) -> None:
    state = ctx_state.get()
    if not state.initialised:
        return
    from rackwright.report.ending import end
    from rackwright.report.table import conclusion
    from rackwright.results import unreached
    from rackwright.run import Run, hosts_of

    if not hosts_of(state):
        click.echo(NOBODY, err=True)
    if state.current_stage is not StateStage.Connect:
        return
    rows = unreached(state)
    end(state, Run({}, started=started), rows, conclusion(rows))


if pyinfra.is_cli:
    from rackwright.laptop.match_exec import take_over
    from rackwright.report.ending import at_the_end

    take_over()
    at_the_end(_nobody_was_reached, datetime.now(UTC))
