"""Networks and volumes on real hosts: made, used, and gone only when nobody needs them."""

import json
from typing import Any

import pytest

from lab import counter
from tests.lab.fleet import Lab, Ran
from tests.lab.workload import STAYS, both, inspect, names, run

WANTED: dict[str, Any] = {
    "docker_networks": {
        "front": {},
        "back": {"subnet": "10.77.0.0/24", "internal": True, "labels": {"team": "it's ours"}},
    },
    "docker_volumes": {
        "data": {},
        "small": {"options": {"type": "tmpfs", "device": "tmpfs", "o": "size=10m"}},
    },
    "docker_containers": {
        "web": {
            "image": "debian:12",
            "command": STAYS,
            "networks": ["front", "back"],
            "volumes": ["data:/data", "small:/small"],
        },
    },
}
GONE = {"state": "absent"}


@pytest.fixture(scope="module")
def made(lab: Lab) -> Ran:
    """Bare hosts get both engines, networks, volumes and a container that uses them, in one run."""
    lab.reset(*both(lab))
    plan = run(lab, WANTED, "--dry")
    assert plan.code == 0, plan.output
    ran = run(lab, WANTED)
    assert ran.code == 0, ran.output
    return ran


@pytest.fixture(params=["dirty", "debian13"])
def host(lab: Lab, made: Ran, request: pytest.FixtureRequest) -> str:
    """Each of the hosts, as the settings have it."""
    name: str = getattr(lab, request.param)
    ran = run(lab, WANTED, limit=(name,))
    assert ran.code == 0, ran.output
    return name


def test_they_are_there_and_used(lab: Lab, host: str) -> None:
    back = json.loads(lab.root(host, "docker network inspect back"))[0]
    assert (back["Driver"], back["Internal"]) == ("bridge", True)
    assert back["IPAM"]["Config"][0]["Subnet"] == "10.77.0.0/24"
    assert back["Labels"]["team"] == "it's ours"
    small = json.loads(lab.root(host, "docker volume inspect small"))[0]
    assert small["Options"] == {"type": "tmpfs", "device": "tmpfs", "o": "size=10m"}
    web = inspect(lab, host, "web")
    assert set(web["NetworkSettings"]["Networks"]) == {"front", "back"}
    assert {mount["Name"] for mount in web["Mounts"]} == {"data", "small"}


def test_again_there_is_one_remote_command(lab: Lab, made: Ran) -> None:
    for name in both(lab):
        counter.start(name)
    ran = run(lab, WANTED)
    assert [counter.stop(name) for name in both(lab)] == [1, 1]
    assert "2 hosts: 2 unchanged" in ran.output, ran.output


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"docker_volumes": {"data": {**GONE, "delete": True}}, "docker_containers": {}},
            "docker_volumes.data cannot be deleted: the containers web use it",
        ),
        (
            {"docker_networks": {"back": GONE}, "docker_containers": {}},
            "docker_networks.back cannot be removed: the containers web are in it",
        ),
        (
            {"docker_networks": {"front": {}, "back": {"subnet": "10.78.0.0/24"}}},
            "docker_networks.back cannot be changed: the containers web are in it",
        ),
        (
            {"docker_volumes": {"data": {"options": {"type": "tmpfs", "device": "tmpfs"}}}},
            "what is in it would be lost with another one",
        ),
    ],
)
def test_what_is_in_use_stays(lab: Lab, host: str, changed: dict[str, Any], sentence: str) -> None:
    ran = run(lab, {**WANTED, **changed}, limit=(host,))
    assert ran.code == 1, ran.output
    assert sentence in ran.output, ran.output
    assert "Starting operation" not in ran.output
    assert inspect(lab, host, "web")["State"]["Running"]


def test_those_of_somebody_else_stay(lab: Lab, host: str) -> None:
    lab.root(host, "docker network create theirs; docker volume create their-data")
    ran = run(lab, {**WANTED, "docker_networks": {"theirs": GONE}}, limit=(host,))
    assert ran.code == 1, ran.output
    assert "and Rackwright did not make it, so it is not removed" in ran.output, ran.output
    taken = {"theirs": {}, **WANTED["docker_networks"]}
    ran = run(lab, {**WANTED, "docker_networks": taken}, limit=(host,))
    assert "1 unchanged" in ran.output, ran.output
    lab.root(host, "docker network rm theirs; docker volume rm their-data")


def test_a_network_changes_when_nobody_is_in_it(lab: Lab, host: str) -> None:
    web = {"docker_containers": {"web": {**WANTED["docker_containers"]["web"], "networks": []}}}
    ran = run(lab, {**WANTED, **web}, limit=(host,))
    assert ran.code == 0, ran.output
    networks = {"docker_networks": {"front": {}, "back": {"subnet": "10.78.0.0/24"}}}
    ran = run(lab, {**WANTED, **web, **networks}, limit=(host,))
    assert ran.code == 0, ran.output
    back = json.loads(lab.root(host, "docker network inspect back"))[0]
    assert (back["IPAM"]["Config"][0]["Subnet"], back["Internal"]) == ("10.78.0.0/24", False)


def test_one_run_takes_all_away_in_the_right_order(lab: Lab, host: str) -> None:
    lab.root(host, "docker exec web sh -c 'echo kept > /data/it'")
    gone = {
        "docker_networks": {"front": GONE, "back": GONE},
        "docker_volumes": {"small": {**GONE, "delete": True}},
        "docker_containers": {"web": GONE},
    }
    plan = run(lab, gone, "--dry", limit=(host,))
    assert "volumes     small: local -> deleted with its data" in plan.output, plan.output
    assert "because docker_volumes says delete; impact: data loss" in plan.output
    ran = run(lab, gone, limit=(host,))
    assert ran.code == 0, ran.output
    assert not {"front", "back"} & names(lab, host, "network")
    assert "small" not in names(lab, host, "volume")
    assert "the volume data is not in docker_volumes any more, and stays" in ran.output
    assert lab.root(host, "cat /var/lib/docker/volumes/data/_data/it").strip() == "kept"
    ran = run(lab, gone, limit=(host,))
    assert "1 unchanged" in ran.output, ran.output
