"""Standard output and error whose reader may go before the run is over."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO, cast

STREAMS: Final = {"stdout": 1, "stderr": 2}


class Outliving:
    """A stream that goes on without its reader: what nobody reads any more goes nowhere.

    Ctrl-C in `rackwright apply 2>&1 | tee log` ends tee as well. The run has to end cleanly all the
    same, and its report is still wanted.
    """

    def __init__(self, stream: TextIO, descriptor: int) -> None:
        self._stream = stream
        self._descriptor = descriptor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text; returns its length."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._nowhere()
            return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._nowhere()

    def _nowhere(self) -> None:
        # The stream keeps what it could not hand on, and would fail with it again.
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), self._descriptor)


@contextmanager
def outliving_readers() -> Iterator[None]:
    """Both streams of this process are such ones during the block."""
    before = {name: getattr(sys, name) for name in STREAMS}
    for name, stream in before.items():
        setattr(sys, name, cast(TextIO, Outliving(stream, STREAMS[name])))
    try:
        yield
    finally:
        for name, stream in before.items():
            setattr(sys, name, stream)
