"""What pyinfra's own command reads first: the table of a run that reaches not one host.

pyinfra ends such a run before it comes to deploy.py, which brings the table of every other one.
"""

import atexit

import pyinfra
from pyinfra.api.state import StateStage
from pyinfra.context import ctx_state


def _nobody_was_reached() -> None:
    state = ctx_state.get()
    if not (state.initialised and state.current_stage is StateStage.Connect):
        return
    from rackwright.report.table import conclusion, print_table
    from rackwright.results import unreached

    rows = unreached(state)
    print_table(rows, conclusion(rows))


if pyinfra.is_cli:
    atexit.register(_nobody_was_reached)
