"""How a run ended for one host."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """How a run ended for one host."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    PLANNED = "would change"
    DRIFTED = "drifted"
    DONE = "done"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    NOT_REACHED = "not reached"
    NOT_ASKED = "not asked"


# A host that needs somebody.
WRONG: Final = (Outcome.FAILED, Outcome.UNREACHABLE, Outcome.NOT_REACHED)


@dataclass(frozen=True)
class HostResult:
    """One host's row: `step` is where it failed, `detail` what was changed or why it failed.

    `output` is what the failed step printed last, for whoever wants more than the reason.
    """

    host: str
    outcome: Outcome
    step: str = ""
    detail: str = ""
    output: tuple[str, ...] = ()
