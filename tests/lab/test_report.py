"""The report of real runs: hosts that are right, failed, out of reach, not asked, broken off."""

import json
import signal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from rackwright.report.record import HostRecord, RunRecord
from tests.lab.fleet import Lab

NO_IMAGE = {"docker_images": ["no-such-image:1"]}
CLOSED = {"ssh_port": 9}


@pytest.fixture(autouse=True)
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the runs of a test leave their reports."""
    monkeypatch.setenv("RACKWRIGHT_REPORTS", str(tmp_path / "reports"))
    return tmp_path / "reports"


def read(reports: Path) -> tuple[Path, dict[str, HostRecord], dict[str, Any]]:
    """The only report there: its folder, its hosts by name, and its JSON."""
    (folder,) = reports.iterdir()
    text = (folder / "report.json").read_text()
    hosts = RunRecord.model_validate_json(text).hosts
    return folder, {host.name: host for host in hosts}, json.loads(text)


def test_a_run_in_which_all_ends_there_are(lab: Lab, reports: Path) -> None:
    lab.reset(lab.ubuntu, lab.debian13)
    ran = lab.deploy(data={lab.debian13: NO_IMAGE, lab.dirty: CLOSED})
    folder, hosts, record = read(reports)
    assert f"Report: {folder}" in ran.output
    assert record["command"].startswith("pyinfra ")
    changed, failed, gone = (hosts[name] for name in (lab.ubuntu, lab.debian13, lab.dirty))

    assert changed.outcome == "changed"
    assert changed.drifted
    assert changed.facts and changed.facts.engine, "what the second look saw"
    assert changed.facts.mirrors == tuple(
        f"{url}/" for url in lab.state["all"]["docker_registry_mirrors"]
    )
    took = {step.name: step.seconds for step in changed.steps}
    assert (took["Engine | Docker's packages are installed"] or 0) > 0.1
    assert {step.result for step in changed.steps} == {"changed", "unchanged"}

    assert failed.outcome == "failed"
    assert failed.error and failed.error.step == "Images | no-such-image:1 is pulled"
    assert "manifest unknown" in failed.error.reason
    assert any("manifest unknown" in line for line in failed.error.output)
    results = [step.result for step in failed.steps]
    assert results[results.index("failed") + 1 :] == ["not reached"] * (
        len(results) - results.index("failed") - 1
    )

    assert gone.outcome == "unreachable"
    assert gone.error and "ssh -i" in gone.error.reason
    assert gone.facts is None and gone.drifted is None

    suite = Xml.fromstring((folder / "junit.xml").read_text())[0]  # noqa: S314  we wrote it
    assert (suite.get("tests"), suite.get("errors")) == ("3", "2")
    assert "2 of 3 hosts need you" in (folder / "report.html").read_text()


def test_hosts_that_were_not_asked_and_containers_that_run(lab: Lab, reports: Path) -> None:
    lab.reset(lab.dirty)
    ran = lab.rackwright("check", str(lab.inventory({})), "--limit", lab.dirty)
    _, hosts, record = read(reports)
    assert ran.code == record["exit_code"] == 2
    assert {name: host.outcome for name, host in hosts.items()} == {
        lab.dirty: "drifted", lab.debian13: "not asked", lab.ubuntu: "not asked",
    }  # fmt: skip
    running = [(each.name, each.state, each.image) for each in hosts[lab.dirty].containers]
    assert running == [("old-app", "running", "old-app:1.0")]
    again = lab.rackwright("report", str(lab.inventory({})))
    assert again.code == 0
    assert lab.dirty in again.output
    assert lab.ubuntu not in again.output


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_broken_off_has_a_report(
    lab: Lab, reports: Path, how: signal.Signals
) -> None:
    lab.reset(lab.debian13)
    ran = lab.deploy_and(
        lambda process: process.send_signal(how), lab.debian13, "Starting operation: Lists |"
    )
    assert ran.code == 128 + how
    _, hosts, _ = read(reports)
    host = hosts[lab.debian13]
    assert host.outcome == "not reached"
    assert host.changes
    results = [step.result for step in host.steps]
    assert "changed" in results
    assert results[-1] == "not reached"
