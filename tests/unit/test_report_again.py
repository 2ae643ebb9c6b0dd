"""rackwright report: which run it finds, what it makes again, and what changed between two."""

from datetime import timedelta
from pathlib import Path

import pytest

from rackwright.laptop.inventory_file import register
from rackwright.report.again import report
from rackwright.report.compare import Difference, differences
from rackwright.report.outcome import HostResult, Outcome
from rackwright.report.place import kept
from rackwright.report.record import ContainerRecord, ErrorRecord, HostRecord, RunRecord
from rackwright.report.recorded import recorded
from rackwright.report.save import save
from rackwright.run import Run
from tests.replayed import replayed
from tests.unit.test_report_record import state_of

INVENTORY = "inventory/fleet.py"


def with_hosts(record: RunRecord, *hosts: HostRecord, later: int = 60) -> RunRecord:
    """A later run, with some hosts as they are then."""
    by_name = {host.name: host for host in (*record.hosts, *hosts)}
    started = record.started + timedelta(seconds=later)
    return record.model_copy(update={"hosts": tuple(by_name.values()), "started": started})


def of(record: RunRecord, name: str) -> HostRecord:
    """A host of a run."""
    (found,) = (host for host in record.hosts if host.name == name)
    return found


def test_what_changed_is_told_host_by_host() -> None:
    before = replayed(4)
    web, gpu, build, _ = before.hosts
    assert web.facts and build.facts
    newer = web.facts.model_copy(update={"engine": "27.0.1", "mirrors": ()})
    after = with_hosts(
        before,
        web.model_copy(update={"facts": newer}),
        gpu.model_copy(update={"outcome": Outcome.UNREACHABLE, "facts": None}),
        build.model_copy(update={"containers": (ContainerRecord(name="new", image="web:2"),)}),
        HostRecord(name="z", outcome=Outcome.FAILED, error=ErrorRecord(step="", reason="x")),
    )
    assert differences(before, after) == [
        Difference("build-3", "container new", "not running", "web:2 running"),
        Difference("build-3", "container old-app", "old-app:1.0 running", "not running"),
        Difference("gpu-2", "outcome", "changed", "unreachable"),
        Difference("web-1", "engine", "26.1.5+dfsg1", "27.0.1"),
        Difference("web-1", "mirrors", "http://172.23.0.2:5000/", "none"),
        Difference("z", "host", "not there", "in the inventory"),
    ]
    assert Difference("gpu-2", "outcome", "unreachable", "changed") in differences(after, before)


def test_a_host_that_was_not_asked_is_not_compared() -> None:
    before = replayed(1)
    unasked = HostRecord(name="web-1", outcome=Outcome.NOT_ASKED)
    assert differences(before, with_hosts(before, unasked)) == []
    assert differences(before, before) == []


def test_the_newest_comes_first(tmp_path: Path) -> None:
    record = replayed(1)
    for each in (record, record, with_hosts(record), *[record] * 9):
        save(each, tmp_path)
    names = [path.name for path in kept(tmp_path)]
    assert names[:3] == ["20261125T030112Z", "20261125T030012Z-11", "20261125T030012Z-10"]
    assert names[-1] == "20261125T030012Z"


def test_the_last_run_of_an_inventory_is_shown_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(replayed(50), tmp_path)
    other = replayed(2).model_copy(update={"inventory": "inventory/other.py"})
    save(with_hosts(other), tmp_path)
    (path / "report.html").unlink()
    assert report(INVENTORY, None, None, str(tmp_path), show=False) == 0
    said = capsys.readouterr().out
    assert "build-39" in said
    assert "2 failed, 1 unreachable; mend what the table names" in said
    assert f"Report: {path}/report.html" in said.replace("\n", "")
    assert "3 of 50 hosts need you" in (path / "report.html").read_text()


def test_two_runs_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = replayed(50)
    first = save(record, tmp_path)
    mended = of(record, "web-28").model_copy(update={"outcome": Outcome.CHANGED, "error": None})
    second = save(with_hosts(record, mended), tmp_path)
    for words in ("previous", first.name):
        assert report(INVENTORY, None, words, str(tmp_path), show=False) == 0
        said = capsys.readouterr().out
        assert f"1 host changed between {first.name} and {second.name}." in said
        assert "failed" in said
    assert report(INVENTORY, "previous", None, str(tmp_path), show=False) == 0
    assert f"Report: {first}/report.html" in capsys.readouterr().out.replace("\n", "")
    assert report(INVENTORY, first.name, second.name, str(tmp_path), show=False) == 0
    assert f"between {second.name} and {first.name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("run", "compare", "said"),
    [
        ("20200101T000000Z", None, "has no report of a run 20200101T000000Z of"),
        (None, "previous", "has no report of a run previous of"),
        ("previous", None, "has no report of a run previous of"),
    ],
)
def test_a_run_that_there_is_not(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    run: str | None,
    compare: str | None,
    said: str,
) -> None:
    save(replayed(1), tmp_path)
    assert report(INVENTORY, run, compare, str(tmp_path), show=False) == 4
    assert said in capsys.readouterr().err


def test_a_report_that_cannot_be_read_is_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(replayed(1), tmp_path)
    broken = save(with_hosts(replayed(1)), tmp_path)
    text = (broken / "report.json").read_text()
    (broken / "report.json").write_text(text.replace('"schema_version": 1', '"schema_version": 2'))
    assert report(INVENTORY, None, None, str(tmp_path), show=False) == 0
    assert f"{broken}: cannot be read, left out" in capsys.readouterr().err


def test_inventories_of_one_name_in_two_places_are_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "one" / "inventory.py"
    for folder in (file.parent, tmp_path / "two"):
        folder.mkdir()
        (folder / file.name).write_text("hosts = ['a']\n")
    monkeypatch.chdir(file.parent)
    state = state_of({"a": {}})
    register(state, Path(file.name))
    path = save(recorded(state, Run({}), [HostResult("a", Outcome.DONE)]), tmp_path)
    monkeypatch.chdir("../two")
    assert report(file.name, None, None, str(tmp_path), show=False) == 4
    assert report(str(file), None, None, str(tmp_path), show=False) == 0
    assert str(path) in capsys.readouterr().out.replace("\n", "")


def test_a_report_that_cannot_be_made_again_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(replayed(1), tmp_path)
    (path / "junit.xml").unlink()
    (path / "junit.xml").mkdir()
    assert report(INVENTORY, None, None, str(tmp_path), show=False) == 0
    said = capsys.readouterr()
    assert "could not be made again" in said.err
    assert "web-1" in said.out


def test_reports_that_are_off(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(INVENTORY, None, None, None, show=False) == 4
    assert "--report DIR says where" in capsys.readouterr().err
