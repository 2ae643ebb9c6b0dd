"""What pyinfra's own command reads first: table and report of a run that reaches not one host.

pyinfra ends such a run before it comes to deploy.py, which brings those of every other one.
"""

from datetime import UTC, datetime

import pyinfra
from pyinfra.api.state import StateStage
from pyinfra.context import ctx_state


def _nobody_was_reached(started: datetime) -> None:
    state = ctx_state.get()
    if not (state.initialised and state.current_stage is StateStage.Connect):
        return
    from rackwright.report.ending import end
    from rackwright.report.table import conclusion
    from rackwright.results import Run, unreached

    rows = unreached(state)
    end(state, Run({}, started=started), rows, conclusion(rows))


if pyinfra.is_cli:
    from rackwright.report.ending import at_the_end

    at_the_end(_nobody_was_reached, datetime.now(UTC))
