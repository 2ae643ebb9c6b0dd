"""Who may change a host, who is told to be there, and what the host's log holds."""

import base64
import gzip
import json
import os
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.change import Change
from rackwright.host_lock import audit
from rackwright.host_lock.holder import Holder
from rackwright.host_lock.turn import held, runs_here, turn
from rackwright.look.answer import parse
from rackwright.look.host_lock import HostLock, Standing
from rackwright.look.observed import ProbeError
from rackwright.settings import Settings
from tests.unit.test_observed import recorded

ANNA = Holder("run-2", "anna@laptop", 42, "pyinfra -y inventory/lab.py deploy.py")
VALUE = "correct-horse"
OTHERS = "ben@desk has been changing this host since 2026-11-25 14:02:03 UTC (pyinfra)"
changes = st.lists(
    st.builds(
        Change,
        task=st.sampled_from(["repository", "engine", "networks", "purge"]),
        what=st.text(),
        before=st.text(),
        after=st.text(),
        reason=st.text(),
    ),
    max_size=4,
)


def test_who_and_what_are_told_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "ännä b")
    monkeypatch.setattr("sys.argv", ["/x/pyinfra", "i.py", "a\nb", "--data", f"x={VALUE}"])
    holder = Holder()
    assert holder.admin.startswith("?nn??b@")
    assert holder.command == "pyinfra i.py 'a?b' --data 'x=***'"
    assert holder.run != Holder().run


def test_a_free_host_is_anybody_s_turn() -> None:
    for standing in ("free", "left"):
        lock = HostLock(standing, "run-1", "ben@desk", 7, OTHERS)
        ours = turn(ANNA, lock, Settings())
        assert (ours.seen, ours.broken) == ("run-1", "")
        assert held(ours, lock) == ""


def test_a_held_host_is_refused_with_who_and_what_to_do() -> None:
    lock = HostLock("held", "run-1", "ben@desk", 7, OTHERS)
    said = held(turn(ANNA, lock, Settings()), lock)
    assert said.startswith(OTHERS)
    assert "docker_lock_wait" in said
    assert "docker_lock_break=true" in said


@given(
    st.sampled_from(["free", "left", "held"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["ben@desk#01234567", "anna@laptop#01234567", "anna@laptop"]),
)
def test_a_lock_is_broken_by_a_word_or_by_the_admin_whose_run_is_dead(
    standing: Standing, word: bool, same: bool, alive: bool, other: str
) -> None:
    lock = HostLock(standing, "run-1", ANNA.identity if same else other, 7, OTHERS)
    ours = turn(ANNA, lock, Settings(docker_lock_break=word), lambda _: alive)
    may = word or (same and not alive)
    assert ours.broken == ("run-1" if standing == "held" and may else "")
    assert bool(held(ours, lock)) == (standing == "held" and not may)


def test_a_process_of_this_machine_is_seen() -> None:
    assert runs_here(os.getpid())
    assert runs_here(1)
    assert not runs_here(2**22 + 1)  # proc(5): beyond the highest that there may be
    assert runs_here(2**70)  # not a number of this system: in doubt it runs


def test_the_lock_in_an_answer() -> None:
    lines = recorded("converged-debian13")
    assert parse(lines).host_lock == HostLock()
    shown = {"standing": "held", "run": "r", "admin": "a@b", "process": "7", "says": OTHERS}
    told = [f"host_lock_{key} {value}" for key, value in shown.items()]
    lock = parse([*lines[:-1], *told, lines[-1]]).host_lock
    assert lock == HostLock("held", "r", "a@b", 7, OTHERS)
    with pytest.raises(ProbeError):
        parse([*lines[:-1], *told[1:], lines[-1]])


def entries(packed: str, result: str) -> list[str]:
    """What host_lock.sh makes of packed lines."""
    text = gzip.decompress(base64.b64decode(packed)).decode()
    head = f'{{"when": "2026-11-25T14:02:03Z", "result": "{result}", '
    return [head + line.removeprefix("{") for line in text.splitlines()]


@given(changes)
def test_a_log_is_read_as_it_was_written_with_the_last_word_on_each_change(
    its: Sequence[Change],
) -> None:
    packed = audit.lines(ANNA, its)
    log = [*entries(packed, "planned"), '{"when": "2026-', "null", "{}", *entries(packed, "done")]
    read = audit.read(log)
    assert {entry["result"] for entry in read} <= {"done"}
    told = {(each["task"], each["what"], each["from"], each["to"]) for each in read}
    assert told == {(each.task, each.what, each.before, each.after) for each in its}
    assert len(read) == len(told)
    assert all(entry["who"] == "anna@laptop" and entry["run"] == "run-2" for entry in read)
    assert all(json.loads(line)["command"] == ANNA.command for line in entries(packed, "x"))


def test_a_password_in_a_url_is_not_in_the_log() -> None:
    proxy = f"http://me:{VALUE}@proxy.example:3128"
    packed = audit.lines(ANNA, [Change("daemon", proxy, proxy, proxy, "")])
    (entry,) = audit.read(entries(packed, "done"))
    assert VALUE not in str(entry)
    assert entry["from"] == "http://***@proxy.example:3128"


def test_a_change_that_stays_planned_is_one_of_a_run_that_died() -> None:
    packed = audit.lines(ANNA, [Change("engine", "docker-ce", "absent", "26", "wanted")])
    (entry,) = audit.read(entries(packed, "planned"))
    assert entry["result"] == "planned"


STEPS = ("Begin", "Repository", "Repository", "Lists", "Engine", "Networks", "Removals", "Verify")


@pytest.mark.parametrize(
    ("at", "repository", "engine", "networks"),
    [
        (0, "not made", "not made", "not made"),
        (1, "failed", "not made", "not made"),
        (2, "failed", "not made", "not made"),
        (3, "unverified", "not made", "not made"),
        (4, "unverified", "failed", "not made"),
        (5, "unverified", "unverified", "failed"),
        (6, "unverified", "unverified", "failed"),
        (7, "unverified", "unverified", "unverified"),
    ],
)
def test_what_became_of_changes_when_an_operation_failed(
    at: int, repository: str, engine: str, networks: str
) -> None:
    its = [Change(task, task, "", "", "") for task in ("repository", "engine", "networks")]
    became = audit.after_failure(its, STEPS, at)
    results = {change.task: result for result, part in became.items() for change in part}
    assert results == {"repository": repository, "engine": engine, "networks": networks}


def test_what_became_of_changes_when_a_run_was_stopped_before_an_operation() -> None:
    its = [Change(task, task, "", "", "") for task in ("repository", "engine", "networks")]
    stopped = audit.after_failure(its, STEPS, 4, begun=False)
    assert {result: [change.task for change in part] for result, part in stopped.items()} == {
        "unverified": ["repository"],
        "not made": ["engine", "networks"],
    }
    assert list(audit.after_failure(its, STEPS, 2, begun=False)) == ["failed", "not made"]


def test_a_purge_has_one_task_in_many_steps() -> None:
    its = [Change("purge", "docker-ce", "26", "purged", "")]
    steps = ["Begin", "Purge packages", "Purge data", "Purge end"]
    assert list(audit.after_failure(its, steps, 2)) == ["failed"]
    assert list(audit.after_failure(its, steps, 0)) == ["not made"]
