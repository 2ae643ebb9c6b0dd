"""Ctrl-C, and what a job's own scheduler sends: a clean stop instead of a torn run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from signal import SIGINT, SIGTERM, Signals, signal
from types import FrameType
from typing import Final

import gevent

SIGNALS: Final = {SIGINT: "stopped by Ctrl-C", SIGTERM: "stopped by a signal (SIGTERM)"}


@contextmanager
def interruptible(stop: Callable[[str], None]) -> Iterator[None]:
    """Call `stop` with a reason, in a greenlet, for every signal that comes during the block."""

    def handle(number: int, _: FrameType | None) -> None:
        gevent.spawn(stop, SIGNALS[Signals(number)])

    before = {number: signal(number, handle) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal(number, handler)
