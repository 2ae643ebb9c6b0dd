"""How a run ended for one host."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rackwright.report.text import plain


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

    `output` is what the failed step printed last, for whoever wants more than the reason. These are
    a host's words, of which nothing is left that steers a terminal.
    """

    host: str
    outcome: Outcome
    step: str = ""
    detail: str = ""
    output: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Clean the words. They come from everywhere, and go to terminals everywhere."""
        object.__setattr__(self, "step", plain(self.step))
        object.__setattr__(self, "detail", plain(self.detail))
        object.__setattr__(self, "output", tuple(map(plain, self.output)))
