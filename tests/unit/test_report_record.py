"""The record of a run: what goes into report.json, and what never does."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyinfra.api import Config, HiddenValue, Inventory, State

from rackwright.change import Change
from rackwright.drift import drift_lines
from rackwright.fleetwide.formats import table
from rackwright.fleetwide.history import log_table
from rackwright.laptop.passwords import Passwords
from rackwright.laptop.who import command_line
from rackwright.look.gpu import Gpus
from rackwright.look.leftovers import Leftovers
from rackwright.look.observed import Package
from rackwright.pace.course import Course
from rackwright.pace.progress import tell_line
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.purge import purge_plan
from rackwright.report.facts import facts
from rackwright.report.lines import plan_lines
from rackwright.report.outcome import HostResult, Outcome
from rackwright.report.place import keep, reports
from rackwright.report.record import Gpu as GpuRecord
from rackwright.report.record import HostRecord, RunRecord
from rackwright.report.recorded import recorded
from rackwright.report.save import save
from rackwright.report.table import conclusion, console, print_table
from rackwright.report.text import LONGEST, hiding, plain
from rackwright.run import Run
from rackwright.settings import Settings
from rackwright.steps.containers import ContainersStep
from rackwright.steps.purge import Words
from tests.unit.gpus import DGX
from tests.unit.states import BARE, after


def state_of(hosts: Mapping[str, Mapping[str, Any]]) -> State:
    """A state of pyinfra with these hosts, in a group `gpu`; nothing is connected."""
    named = [(name, dict(data)) for name, data in hosts.items()]
    every = [name for name, _ in named]
    return State(Inventory((named, {}), gpu=(every, {})), Config())


def run_with(name: str, settings: Settings) -> Run:
    """What a run has learnt of a bare host, with its plan."""
    run = Run({name: settings})
    run.seen[name] = BARE
    run.plans[name] = plan(settings, BARE)
    return run


def test_every_host_of_the_inventory_is_in_it() -> None:
    state = state_of({"b": {}, "a": {}, "c": {}})
    run = run_with("a", Settings(docker_users=("alice",)))
    rows = [
        HostResult(
            "a", Outcome.FAILED, "Engine | packages", "no space left", ("E: no space left",)
        ),
        HostResult("c", Outcome.UNREACHABLE, "connect", "could not log in"),
    ]
    record = recorded(state, run, rows, 3)
    assert [host.name for host in record.hosts] == ["a", "b", "c"]
    failed, unasked, gone = record.hosts
    assert (failed.outcome, unasked.outcome, gone.outcome) == ("failed", "not asked", "unreachable")
    assert failed.error and failed.error.output == ("E: no space left",)
    assert failed.groups == ("gpu",)
    assert failed.drifted and gone.drifted is None
    assert failed.facts and failed.facts.codename == "bookworm"
    assert [change.what for change in failed.changes] == [
        change.what for change in run.plans["a"].changes
    ]
    assert record.exit_code == 3
    assert record.started <= record.finished


def test_the_facts_are_those_of_the_last_look() -> None:
    settings = Settings(docker_registry_mirrors=("https://mirror.example.org",))
    run = run_with("a", settings)
    run.seen["a"] = after(settings, BARE, run.plans["a"])
    rows = [HostResult("a", Outcome.CHANGED)]
    (host,) = recorded(state_of({"a": {}}), run, rows).hosts
    assert host.facts and host.facts.engine == "26.1.5"


def test_gpus_are_told_with_and_without_a_driver() -> None:
    assert facts(BARE).gpus is None
    bare = facts(replace(BARE, gpus=Gpus(devices=("20b0",))))
    assert bare.gpus == (GpuRecord(name="PCI device 10de:20b0"),)
    (one, _) = facts(replace(BARE, gpus=DGX)).gpus or ()
    assert one == GpuRecord(
        name="NVIDIA A100-SXM4-40GB", driver=DGX.gpus[0].driver, memory_mib=40960
    )


def test_secrets_are_in_no_report() -> None:
    secrets = {"ssh_password": "swordfish-1", "_sudo_password": HiddenValue("swordfish-2")}
    state = state_of({"a": {**secrets, "token": HiddenValue("swordfish/3")}})
    said = "swordfish-1 swordfish-2 swordfish/3 https://h/?t=swordfish%2F3 http://me:sword@fish-4@h"
    rows = [HostResult("a", Outcome.FAILED, "s", said, (said,))]
    text = recorded(state, Run({"a": Settings()}, passwords=Passwords()), rows).model_dump_json()
    assert "swordfish" not in text
    assert "fish-4" not in text
    assert "http://***@h" in text


def test_a_short_secret_is_not_shown_by_hiding_it() -> None:
    assert hiding(["abc", ""]) is None
    assert re.sub(hiding(["abcd", "abc"]) or "", "***", "abc xabcdx") == "abc x***x"


@pytest.mark.parametrize("secret", ["data", "data loss", "restart", "changed", "fail"])
def test_a_secret_that_is_a_word_of_ours_takes_no_report_away(secret: str) -> None:
    run = run_with("a", Settings())
    rows = [HostResult("a", Outcome.FAILED, "s", f"password {secret}")]
    state = state_of({"a": {"ssh_password": secret}, "b": {}})
    (host, _) = recorded(state, run, rows).hosts
    assert host.outcome is Outcome.FAILED
    assert host.error and host.error.reason == "password ***"
    assert {change.impact for change in host.changes} == {
        str(change.impact) for change in run.plans["a"].changes
    }


def test_what_no_plan_compares_with_the_settings_is_not_drift() -> None:
    rows = [HostResult("a", Outcome.CHANGED)]
    run = run_with("a", Settings(docker_upgrade=True))
    run.wanted = {"docker_upgrade": True}
    (upgraded,) = recorded(state_of({"a": {}}), run, rows).hosts
    run = Run({"a": Settings()})
    left = Leftovers({"docker-ce": Package("5:26.1.5", "ii")})
    run.plans["a"] = purge_plan(Settings(), BARE, left, Words())
    (purged,) = recorded(state_of({"a": {}}), run, rows).hosts
    assert (upgraded.drifted, purged.drifted) == (None, None)
    assert upgraded.changes and purged.changes


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--data", "_sudo_password=x"], "--data '_sudo_password=***'"),
        (["--data=ssh_password=x=y"], "'--data=ssh_password=***'"),
        (["--data", "docker_version=26.1"], "--data docker_version=26.1"),
        (["--ssh-password", "x"], "--ssh-password '***'"),
        (["--key-password=x"], "'--key-password=***'"),
        (["--use-sudo-password", "lab.py"], "--use-sudo-password lab.py"),
        (["tasks.upgrade.upgrade", "version=26.1"], "tasks.upgrade.upgrade version=26.1"),
        (["import", "https://me:secret@x.example/a.tar"], "import https://***@x.example/a.tar"),
        (["import", "https://me:se@cret@x.example/a@b"], "import https://***@x.example/a@b"),
        (["--task", "x.y", "db_password=a=b", "key=c"], "--task x.y 'db_password=***' 'key=***'"),
        (["exec", "--api-token=x", "keyboard=de"], "exec '--api-token=***' keyboard=de"),
    ],
)
def test_the_command_line_has_no_secrets(words: list[str], shown: str) -> None:
    assert command_line(["/usr/bin/pyinfra", "-y", *words]) == f"pyinfra -y {shown}"


def test_nothing_steers_a_terminal() -> None:
    assert plain("\x1b[31mred\x1b[0m \x1b]0;title\x07\a\x00 \udcff \u202egpj") == "red �� � �gpj"
    assert plain("a\r\nb\tc") == "a\nb\tc"
    assert len(plain("x" * 1_000_000)) == LONGEST + 1
    assert plain("ssh://me@h http://tok@h ftp://a:b@c@h") == "ssh://me@h http://***@h ftp://***@h"


EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31mred\u202e"


def test_no_word_of_a_host_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    row = HostResult("a", Outcome.FAILED, EVIL, EVIL, (EVIL,))
    course = Course("a")
    course.at(EVIL)
    print_table([row], conclusion([row]))
    tell_line(course)
    course.end(row)
    tell_line(course)
    change = Change("containers", EVIL, EVIL, EVIL, EVIL)
    planned = Plan(notes=(EVIL,), containers=ContainersStep((), (change,)))
    for lines in (plan_lines("a", planned, full=True), drift_lines("a", planned)):
        print("\n".join(lines))
    print("\n".join(plan_lines("a", Plan(notes=(EVIL,)), full=False)))
    console().print(
        log_table([{"who": EVIL}]), table([{"Host": "a", "Names": EVIL}], {"n": "Names"})
    )
    said = "".join(capsys.readouterr())
    assert said.count("red") == 16
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said)


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_be_kept_and_read_again(text: str) -> None:
    host = HostRecord(name=text, outcome=Outcome.DONE, notes=(text,))
    again = HostRecord.model_validate_json(host.model_dump_json())
    assert again == host
    assert plain(again.name) == again.name


def test_a_report_is_whole_and_takes_no_others_place(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 25, 13, 35, 12, tzinfo=UTC)
    record = RunRecord(
        id="1", rackwright="0", command="c", inventory="i", who="w", where="h",
        started=moment, finished=moment, hosts=(),
    )  # fmt: skip
    folders = [save(record, tmp_path / "reports") for _ in range(3)]
    assert [folder.name for folder in folders] == [
        "20261125T133512Z", "20261125T133512Z-2", "20261125T133512Z-3",
    ]  # fmt: skip
    assert RunRecord.model_validate_json((folders[2] / "report.json").read_text()) == record
    assert json.loads((folders[0] / "report.json").read_text())["schema_version"] == 1


def test_a_report_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        keep(tmp_path, "now", {"a": "a", "b": "\udcff"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_others_may_read_a_report_as_they_may_any_new_folder(tmp_path: Path, umask: int) -> None:
    tmp_path.chmod(0o1777)
    before = os.umask(umask)
    try:
        made = keep(tmp_path, "now", {"a": "a"})
    finally:
        os.umask(before)
    assert made.stat().st_mode & 0o7777 == 0o777 & ~umask


def test_where_reports_go(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reports() is None  # tests/conftest.py
    assert reports("elsewhere") == Path("elsewhere")
    monkeypatch.delenv("RACKWRIGHT_REPORTS")
    assert reports() == Path("reports")
    assert reports("off") is None
    monkeypatch.setenv("RACKWRIGHT_REPORTS", os.fspath(Path("/srv/reports")))
    assert reports() == Path("/srv/reports")
