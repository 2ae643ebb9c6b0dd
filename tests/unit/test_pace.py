"""Exit codes, what is worth another attempt, and how many hosts at a time there is room for."""

from socket import EAI_AGAIN, EAI_NONAME, gaierror

import pytest
from paramiko import AuthenticationException, SSHException
from paramiko.ssh_exception import NoValidConnectionsError

from rackwright.converging import exit_code
from rackwright.pace.connection import passing
from rackwright.pace.limits import OURS, PER_HOST, room
from rackwright.report.outcome import HostResult, Outcome


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ({}, 0),
        ({"a": Outcome.UNCHANGED, "b": Outcome.CHANGED, "c": Outcome.PLANNED}, 0),
        ({"a": Outcome.CHANGED, "b": Outcome.FAILED}, 3),
        ({"a": Outcome.UNREACHABLE}, 3),
        ({"a": Outcome.NOT_REACHED}, 3),
        ({"a": Outcome.CHANGED, "guarded": Outcome.FAILED}, 5),
        ({"a": Outcome.UNREACHABLE, "guarded": Outcome.FAILED}, 3),
    ],
)
def test_what_hosts_make_of_the_exit_code(outcomes: dict[str, Outcome], code: int) -> None:
    rows = [HostResult(name, outcome) for name, outcome in outcomes.items()]
    assert exit_code(rows, {"guarded"}) == code


@pytest.mark.parametrize(
    ("cause", "again"),
    [
        (ConnectionRefusedError(), True),
        (NoValidConnectionsError({("192.0.2.1", 22): OSError()}), True),
        (TimeoutError(), True),
        (EOFError(), True),
        (SSHException("Error reading SSH protocol banner"), True),
        (gaierror(EAI_AGAIN, "Temporary failure in name resolution"), True),
        (gaierror(EAI_NONAME, "Name or service not known"), False),
        (AuthenticationException("Authentication failed."), False),
        (SSHException("StrictPolicy: No host key for x found in known_hosts"), False),
        (ValueError(), False),
        (None, False),
    ],
)
def test_only_a_connection_that_failed_is_tried_again(
    cause: BaseException | None, again: bool
) -> None:
    assert passing(cause) is again


def test_hosts_at_a_time_are_what_open_files_there_may_be() -> None:
    assert room(parallel=50, hosts=500, hard=1024) == 50
    assert room(parallel=500, hosts=500, hard=2**20) == 500
    assert room(parallel=500, hosts=3, hard=2**20) == 3
    assert room(parallel=500, hosts=500, hard=OURS + 10 * PER_HOST) == 10
    assert room(parallel=500, hosts=500, hard=10) == 1
