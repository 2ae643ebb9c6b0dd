"""Exit codes, what is worth another attempt, how many hosts at a time, and what is shown."""

from socket import EAI_AGAIN, EAI_NONAME, gaierror

import pytest
from paramiko import AuthenticationException, SSHException
from paramiko.ssh_exception import NoValidConnectionsError
from pyinfra.api import Config, Inventory, State
from pyinfra.connectors.ssh import SSHConnector
from rich.console import Console

from rackwright.converging import exit_code
from rackwright.pace.connection import hang_up, passing
from rackwright.pace.course import CONNECT, LOOK, Course
from rackwright.pace.limits import OURS, PER_HOST, room
from rackwright.pace.progress import ended, glance, tell_line
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
        (SSHException("No existing session"), True),
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


def test_a_host_that_is_over_leaves_the_uploads_of_others_alone() -> None:
    state = State(Inventory((["a", "b"], {})), Config())
    a, b = (host.connector for host in state.inventory)
    assert isinstance(b, SSHConnector)
    sessions = SSHConnector.get_file_transfer_connection.cache
    sessions.update({f"{(a,)}{{}}": "session of a", f"{(b,)}{{}}": "session of b"})
    hang_up(a.host, gone=True)
    assert list(sessions.values()) == ["session of b"]
    assert b.get_file_transfer_connection() == "session of b"
    sessions.clear()


def at(
    host: str, step: str = "", outcome: Outcome | None = None, began: float | None = 0
) -> Course:
    """A host that is at this step, or over."""
    result = HostResult(host, outcome, step, "the reason\nand more") if outcome else None
    return Course(host, step=step, began=began, seconds=2.34, result=result)


def test_a_line_says_how_it_ended_where_and_why() -> None:
    assert ended(at("a", "Engine | x", Outcome.FAILED)) == "failed in 2.3 s: Engine | x: the reason"
    assert ended(at("a", "", Outcome.CHANGED)) == "changed in 2.3 s"
    assert ended(at("a", "Engine | x")) == ""


def test_a_pipe_gets_no_line_of_hosts_that_are_only_looked_at(
    capsys: pytest.CaptureFixture[str],
) -> None:
    looked = [Outcome.UNCHANGED, Outcome.PLANNED, Outcome.DRIFTED]
    quiet = [at("a", CONNECT), at("a", LOOK), *(at("a", "", outcome) for outcome in looked)]
    for course in (*quiet, at("a", "Engine | x"), at("a", "", Outcome.CHANGED)):
        tell_line(course)
    assert capsys.readouterr().err == "a: Engine | x\na: changed in 2.3 s\n"


def test_what_a_host_waits_for_is_said_and_is_no_step(capsys: pytest.CaptureFixture[str]) -> None:
    course = Course("a", tell=tell_line, step=LOOK, began=0)
    course.waits("dpkg (7) is at work")
    assert "dpkg (7) is at work" in shown([at("b"), course])
    assert course.failed("no end of it").step == LOOK
    course.at("Engine | x")
    assert capsys.readouterr().err == "a: dpkg (7) is at work\na: Engine | x\n"


def shown(courses: list[Course]) -> str:
    """What a terminal of 100 columns shows."""
    console = Console(width=100)
    with console.capture() as captured:
        console.print(glance(courses))
    return captured.get()


def test_a_small_fleet_has_a_line_per_host() -> None:
    waits = at("c", began=None)
    text = shown([at("a", "", Outcome.CHANGED), at("b", "Engine | x"), waits])
    assert [line.split()[0] for line in text.splitlines()] == ["a", "b", "c"]
    assert "changed in 2.3 s" in text
    assert "Engine | x" in text
    assert "waits for its turn" in text


def test_a_large_fleet_has_totals_and_those_that_are_under_way_longest() -> None:
    running = [at(f"r{number}", "Engine | x", began=100 - number) for number in range(15)]
    over = [at(f"o{number}", "", Outcome.CHANGED) for number in range(9)]
    text = shown([*running, *over, at("last", began=None), at("bad", "x", Outcome.FAILED)])
    lines = text.splitlines()
    assert lines[0].strip() == "15 under way, 1 waiting, 9 changed, 1 failed"
    assert [line.split()[0] for line in lines[1:]] == [f"r{number}" for number in range(14, 2, -1)]
