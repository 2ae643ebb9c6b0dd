"""A rollout on @fake hosts: when it stops, what it leaves alone, and Ctrl-C in a pause."""

import json
import os
import signal
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import gevent
import pytest

from rackwright.converging import Chosen
from rackwright.pace.fleet import Request
from rackwright.rollout.record import place
from rackwright.rollout.run import Rules, roll_out
from tests.unit.test_observed import recorded

FLEET = [f"@fake/{number}" for number in range(5)]
DEPLOY = """
from pyinfra.operations import server

server.shell(name="the change", commands=["change"])
"""
LOOK = 'if [ "$(id -u)" = 0 ]'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the deploy file is."""
    (tmp_path / "run.py").write_text(DEPLOY)
    return tmp_path


def go(
    folder: Path,
    broken: tuple[int, ...] = (),
    *,
    racks: Iterable[int] = (),
    data: tuple[str, ...] = (),
    task: Chosen | None = None,
    **rules: Any,
) -> tuple[int, dict[str, Any]]:
    """Exit code and record of a rollout in which the change does not work on some hosts."""
    fails = {"success": False, "stderr": "no"}
    works = {LOOK: recorded("converged-debian12"), "change": ""}
    answers = [works | ({"change": fails} if n in broken else {}) for n in range(len(FLEET))]
    quick = {"fake_delay": 0, "fake_delay_jitter": 0}
    hosts = [
        (name, {**quick, "fake_responses": each, "rack": rack})
        for name, each, rack in zip_longest(FLEET, answers, racks)
    ]
    # Not in the inventory itself: pyinfra reads a file of one name once.
    (folder / "hosts.json").write_text(json.dumps(hosts))
    read = f"json.loads(Path({str(folder / 'hosts.json')!r}).read_text())"
    (folder / "inventory.py").write_text(
        f"import json\nfrom pathlib import Path\n\nhosts = [(n, d) for n, d in {read}]\n"
    )
    request = Request(str(folder / "inventory.py"), data=data, report=str(folder))
    how = {"waves": "1,40%,100%", "spread": False, "max_failures": 1, "pause": 0, "settle": 0}
    chosen = task or Chosen(str(folder / "run.py"))
    code = roll_out(
        request, chosen, Rules(**{**how, "resume": False, **rules}), dry=False, yes=True
    )
    files = [file for file in folder.glob("rollout-*.json") if file.is_file()]
    return code, json.loads(files[0].read_text()) if files else {}


def test_all_waves_one_after_the_other(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, record = go(folder)
    assert code == 0
    assert record["waves"] == [FLEET[:1], FLEET[1:2], FLEET[2:]]
    assert record["done"][:2] == FLEET[:2]
    assert sorted(record["done"]) == FLEET
    assert "5 hosts: 5 changed" in capsys.readouterr().out


def test_a_failure_stops_it_and_it_is_taken_up(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, record = go(folder, broken=(1,))
    said = capsys.readouterr().out
    assert code == 3
    assert record["done"] == FLEET[:1]
    assert f"stands at wave 2 of 3: {FLEET[1]} failed, 3 untouched" in said
    assert set(record["before"]) == set(FLEET[:2])
    code, record = go(folder, broken=(0,), resume=True)  # the first one is not touched again
    assert code == 0
    assert sorted(record["done"]) == FLEET
    assert "4 changed, 1 done" in capsys.readouterr().out


def test_it_is_taken_up_with_the_same_data_and_with_more_patience(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert go(folder, broken=(1,), data=("docker_version=26.1", "own=swordfish"))[0] == 3
    for data in ((), ("docker_version=26.1", "own=another")):
        assert go(folder, data=data, resume=True)[0] == 4
        assert "it had another --data" in capsys.readouterr().err
    same = ("docker_lock_wait=9", "own=swordfish", "docker_version=26.1", "host_timeout=99")
    code, record = go(folder, data=same, resume=True)
    assert code == 0
    assert "swordfish" not in str(record)


def test_a_secret_argument_is_not_in_the_record(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "mine.py").write_text("def change(password: str) -> None:\n    pass\n")
    for password, resume, code in (
        ("swordfish", False, 0),
        ("other", True, 4),
        ("swordfish", True, 0),
    ):
        task = Chosen("mine.change", [f"password={password}"])
        ended, record = go(folder, task=task, resume=resume)
        assert ended == code
        assert record["arguments"] == ["password=***"]
        assert "swordfish" not in str(record)


def test_rack_0_is_a_rack(folder: Path) -> None:
    _, record = go(folder, racks=(0, 0, 0, 1, 1), spread=True, waves="100%")
    assert record["waves"] == [[FLEET[0], FLEET[3]], [FLEET[1], FLEET[4]], [FLEET[2]]]


def test_without_racks_nothing_can_be_spread(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert go(folder, spread=True) == (4, {})
    assert "--spread rack: none of these hosts has a `rack`" in capsys.readouterr().err


def test_what_could_not_be_resumed_does_not_begin(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place(str(folder / "inventory.py"), str(folder)).mkdir()
    assert go(folder) == (4, {})
    said = capsys.readouterr().err
    assert "the record of the rollout cannot be written: " in said
    assert "no host was touched" in said


def test_a_record_that_cannot_be_written_on_the_way_is_told_and_fails_no_host(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = f"""
from pathlib import Path

for record in Path({str(folder)!r}).glob("rollout-*.json"):
    if record.is_file():
        record.unlink()
        record.mkdir()
"""
    (folder / "run.py").write_text(DEPLOY + lost)
    assert go(folder)[0] == 0
    said = capsys.readouterr()
    assert "5 hosts: 5 changed" in said.out
    assert "rackwright: the record of the rollout could not be written: " in said.err


def test_failures_that_may_be_do_not_stop_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, record = go(folder, broken=(0,), max_failures=2)
    assert code == 3
    assert sorted(record["done"]) == FLEET[1:]
    assert f"stands at wave 1 of 3: {FLEET[0]} failed, 0 untouched" in capsys.readouterr().out
    code, record = go(folder, broken=(0, 1), max_failures=2)
    assert record["done"] == []
    assert "3 untouched" in capsys.readouterr().out


def test_a_stop_in_a_pause_ends_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gevent.spawn_later(2, os.kill, os.getpid(), signal.SIGINT)
    code, record = go(folder, pause=3600)
    assert code == 3
    assert record["done"] == FLEET[:1]
    assert "stands at wave 2 of 3: it was interrupted, 4 untouched" in capsys.readouterr().out
