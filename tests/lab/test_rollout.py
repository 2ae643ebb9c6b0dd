"""A rollout on three hosts: the canary, then one, then the last; what fails stops it there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import counter
from tests.lab.fleet import Lab, Ran
from tests.lab.test_locks import CLEAN, GO, SLOW

WAVES = ("--waves", "1,2,100%", "--pause", "0", "--yes")
HELD = "apt-mark showhold | wc -l"
# A task of the admin's own, which takes down what ran.
CARELESS = """
from pyinfra.operations import server

server.shell(name="Something else is going on", commands=["docker stop --time 1 web"], _sudo=True)
"""


@pytest.fixture(scope="module")
def converged(lab: Lab) -> None:
    """All hosts as they should be, with a container on the first one."""
    lab.reset(*lab.all)
    ran = lab.deploy()
    assert ran.code == 0, ran.output
    lab.root(lab.dirty, "docker pull -q debian:12; docker run -d --name web debian:12 sleep 9999")


@pytest.fixture
def reports(lab: Lab, tmp_path: Path) -> Iterator[Path]:
    """A folder for the reports and the record, and a log of what sshd is asked for."""
    for name in lab.all:
        counter.start(name)
    yield tmp_path
    for name in lab.all:
        counter.stop(name)
    lab.root(lab.debian13, f"{GO}; {CLEAN}")


def roll_out(lab: Lab, reports: Path, *words: str, **data: Any) -> Ran:
    """`rackwright rollout` on all hosts; `data` is the second host's."""
    common = {name: {"docker_hold": False} for name in lab.all}
    common[lab.debian13] |= data
    inventory = str(lab.inventory(common))
    return lab.rackwright("rollout", inventory, *WAVES, "--report", str(reports), *words)


def commands(lab: Lab) -> dict[str, int]:
    """How many commands each host's sshd ran since this was asked last."""
    counted = {name: counter.stop(name) for name in lab.all}
    for name in lab.all:
        counter.start(name)
    return counted


def record(reports: Path) -> dict[str, Any]:
    """What the record holds."""
    (file,) = reports.glob("rollout-inventory-*.json")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_a_wave_that_fails_stops_it_and_it_resumes_after_the_repair(
    lab: Lab, converged: None, reports: Path
) -> None:
    dry = roll_out(lab, reports, "--dry")
    assert dry.code == 0, dry.output
    assert set(commands(lab).values()) == {0}
    assert not list(reports.iterdir())

    lab.root(lab.debian13, SLOW)
    failed = roll_out(lab, reports, docker_apt_timeout=1)
    assert failed.code == 3, failed.output
    assert f"stands at wave 2 of 3: {lab.debian13} failed, 1 untouched" in failed.output
    assert "has been using apt or dpkg" in failed.output
    assert commands(lab)[lab.ubuntu] == 0
    assert int(lab.root(lab.ubuntu, HELD)) > 0
    assert int(lab.root(lab.dirty, HELD)) == 0
    assert record(reports)["done"] == [lab.dirty]
    assert record(reports)["before"][lab.dirty]["containers"] == ["web", "old-app"]

    other = roll_out(lab, reports, "--resume", "--task", "tasks.upgrade.upgrade")
    assert other.code == 4
    assert "its task is deploy.py, and tasks.upgrade.upgrade is asked for" in other.output
    assert set(commands(lab).values()) == {0}

    lab.root(lab.debian13, f"{GO}; {CLEAN}")
    resumed = roll_out(lab, reports, "--resume")
    assert resumed.code == 0, resumed.output
    assert commands(lab)[lab.dirty] == 0
    assert [int(lab.root(name, HELD)) for name in lab.all] == [0, 0, 0]
    assert sorted(record(reports)["done"]) == sorted(lab.all)


def test_a_container_that_does_not_run_again_stops_it(
    lab: Lab, converged: None, reports: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    task = tmp_path_factory.mktemp("task") / "careless.py"
    task.write_text(CARELESS)
    lab.root(lab.dirty, "docker start web")
    ran = roll_out(lab, reports, "--task", str(task), "--settle", "2")
    assert ran.code == 3, ran.output
    assert "these containers ran before, and do not run now: web" in ran.output
    assert "stands at wave 1 of 3" in ran.output
    counted = commands(lab)
    assert counted[lab.debian13] == counted[lab.ubuntu] == 0


def test_no_rack_twice_in_a_wave_and_unchanged_hosts_cost_one_command(
    lab: Lab, converged: None, reports: Path
) -> None:
    data = {name: {"docker_hold": False, "rack": "left"} for name in lab.all}
    data[lab.ubuntu]["rack"] = "right"
    words = ("--report", str(reports), "--spread", "rack", "--waves", "100%")
    inventory = str(lab.inventory(data))
    ran = lab.rackwright("rollout", inventory, "--yes", "--pause", "0", *words)
    assert ran.code == 0, ran.output
    assert record(reports)["waves"] == [[lab.dirty, lab.ubuntu], [lab.debian13]]
    assert set(commands(lab).values()) == {1}
    assert "3 hosts: 3 unchanged" in ran.output
