"""Where a host is in a run, and how it ended for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Final

from rackwright.report.outcome import HostResult, Outcome
from rackwright.report.text import plain

CONNECT: Final = "connect"
LOOK: Final = "observe"


class GivenUpError(BaseException):
    """A host is not waited for any longer. Nothing that pyinfra catches on its way."""


@dataclass
class Course:
    """One host's way through a run.

    `step` is where it is, `waiting` what it waits for there, `changing` whether an operation runs
    on it. `given_up` is why it is not waited for any longer. `seconds` is what it took, `result`
    how it ended; None while it runs.
    """

    host: str
    tell: Callable[["Course"], None] = lambda _: None
    step: str = ""
    waiting: str = ""
    changing: bool = False
    given_up: str = ""
    began: float | None = None
    seconds: float = 0.0
    result: HostResult | None = None

    def at(self, step: str) -> None:
        """The host comes to a step."""
        self.step, self.waiting = plain(step), ""
        self.tell(self)

    def waits(self, what: str) -> None:
        """The host waits for something in the middle of its step."""
        self.waiting = plain(what)
        self.tell(self)

    @property
    def now(self) -> str:
        """What there is to say of it at this moment."""
        return self.waiting or self.step

    @contextmanager
    def change(self, step: str) -> Iterator[None]:
        """The host is being changed in the block; one that does not end well leaves it so."""
        self.changing = True
        self.at(step)
        yield
        self.changing = False

    def start(self) -> None:
        """The host's turn begins, or begins again."""
        self.result, self.given_up, self.changing = None, "", False
        self.began = monotonic() - self.seconds

    def end(self, result: HostResult) -> None:
        """The host's turn is over."""
        self.result = result
        if self.began is not None:
            self.seconds = monotonic() - self.began
        self.tell(self)

    def failed(self, reason: str) -> HostResult:
        """The host failed at its step."""
        return HostResult(self.host, Outcome.FAILED, self.step, reason)
