"""How long the steps of a run take, told by pyinfra's callbacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from pyinfra.api import Host, State
from pyinfra.api.state import BaseStateCallback

CONNECT: Final = "Connect"
LOOK: Final = "Look"


class Clock(BaseStateCallback):
    """Takes the time of each step of each host. A step is CONNECT, LOOK or pyinfra's op_hash."""

    def __init__(self) -> None:
        self._began: dict[tuple[str, str], float] = {}
        self._seconds: dict[tuple[str, str], float] = {}

    def began(self, host: str, step: str) -> bool:
        """Whether a host came to a step."""
        return (host, step) in self._began

    def seconds(self, host: str, step: str) -> float | None:
        """What a step took on a host; None when it did not come to its end."""
        return self._seconds.get((host, step))

    @contextmanager
    def time(self, host: str, step: str) -> Iterator[None]:
        """Take the time of a block, however it ends; one that comes again is added."""
        self._start(host, step)
        try:
            yield
        finally:
            self._stop(host, step)

    def _start(self, host: str, step: str) -> None:
        self._began[host, step] = monotonic()

    def _stop(self, host: str, step: str) -> None:
        passed = monotonic() - self._began[host, step]
        self._seconds[host, step] = self._seconds.get((host, step), 0) + passed

    # pyinfra calls these on the instance; its own ones keep nothing and are static.
    def host_before_connect(self, state: State, host: Host) -> None:  # type: ignore[override]
        self._start(host.name, CONNECT)

    def host_connect(self, state: State, host: Host) -> None:  # type: ignore[override]
        self._stop(host.name, CONNECT)

    def host_connect_error(  # type: ignore[override]
        self, state: State, host: Host, error: Exception
    ) -> None:
        self._stop(host.name, CONNECT)

    def operation_host_start(  # type: ignore[override]
        self, state: State, host: Host, op_hash: str
    ) -> None:
        self._start(host.name, op_hash)

    def operation_host_success(  # type: ignore[override]
        self, state: State, host: Host, op_hash: str, retry_count: int = 0
    ) -> None:
        self._stop(host.name, op_hash)

    def operation_host_error(  # type: ignore[override]
        self, state: State, host: Host, op_hash: str, retry_count: int = 0, max_retries: int = 0
    ) -> None:
        self._stop(host.name, op_hash)
