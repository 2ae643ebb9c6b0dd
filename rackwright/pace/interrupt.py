"""Ctrl-C, and what a job's own scheduler sends: a clean stop instead of a torn run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from logging import getLogger
from signal import SIG_IGN, SIGINT, SIGTERM, Signals, getsignal, signal
from types import FrameType
from typing import Final

import click
import gevent

SIGNALS: Final = {SIGINT: "stopped by Ctrl-C", SIGTERM: "stopped by a signal (SIGTERM)"}
_left: list[BaseException] = []  # what the main greenlet was told already


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


def leave_on_signals() -> None:
    """End pyinfra's own command on a signal, with 128 and its number (bash(1), Exit Status)."""
    for number in SIGNALS:
        signal(number, lambda number, _: _leave(number, SystemExit(128 + number)))


def interrupt_main() -> None:
    """Have Ctrl-C end our own command where it is not interruptible; a question is answered by it.

    The exit code is as above. A shell that starts it in the background has Ctrl-C ignored.
    """
    if getsignal(SIGINT) is not SIG_IGN:
        signal(SIGINT, lambda number, _: _leave(number, KeyboardInterrupt()))


def _leave(number: int, error: BaseException) -> None:
    with suppress(OSError, RuntimeError):  # its reader has gone, or a line is half written
        click.echo(SIGNALS[Signals(number)], err=True)
    getLogger("paramiko").setLevel("CRITICAL")  # that a connection is broken off is no news
    # pyinfra's own handler, and Python's, raise it in whatever greenlet runs at that moment. Where
    # that one reads a connection, what waits for an answer waits for ever.
    # Only the second signal is: a question of pyinfra's, asked in a greenlet, stops all others.
    hub = gevent.get_hub()
    if gevent.getcurrent() is hub.parent or _left:
        raise error
    _left.append(error)
    hub.loop.run_callback(hub.parent.throw, error)
