"""Output of many hosts on one terminal."""

from collections.abc import Callable
from typing import IO


class Lines:
    """Takes bytes as they come, and writes whole lines with a host's name before each."""

    def __init__(self, host: str, to: IO[str]) -> None:
        self._write: Callable[[str], object] = to.write
        self._flush = to.flush
        self._host = host
        self._rest = b""
        self.last: list[str] = []

    def __call__(self, chunk: bytes) -> None:
        """Take some bytes."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            # What a container writes need not be UTF-8.
            text = line.decode(errors="replace").rstrip("\r")
            self.last = [*self.last[-2:], text]
            self._write(f"{self._host} | {text}\n")
        self._flush()

    def end(self) -> None:
        """Write what is left, be it a line or not."""
        if self._rest:
            self(b"\n")
