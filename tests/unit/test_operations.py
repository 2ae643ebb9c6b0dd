"""What is said of a host after a change: whether Docker works, and what is left to change."""

from dataclasses import replace

import pytest

from rackwright.look.observed import Observed
from rackwright.look.workload import FoundContainer, Workload
from rackwright.operations import not_working, unmet
from rackwright.planning import plan
from rackwright.settings import Settings, parse_settings
from tests.unit.states import BARE, after

SETTINGS = parse_settings(
    {
        "docker_containers": {"web": {"image": "nginx"}},
        "docker_users": ["alice"],
        "docker_daemon": {
            "log-driver": "journald",
            "proxies": {"http-proxy": "http://bob:hunter2@proxy:3128"},
        },
    }
)


def converged(workload: Workload) -> Observed:
    """A host on which Docker works as configured."""
    host = replace(BARE, workload=Workload(answers=True))
    return replace(after(SETTINGS, host, plan(SETTINGS, host)), workload=workload)


@pytest.mark.parametrize(
    "host",
    [
        converged(Workload(answers=True)),
        converged(Workload(answers=False)),
        converged(Workload(answers=True, containers={"web": FoundContainer("web")})),
        replace(converged(Workload(answers=True)), users=frozenset()),
    ],
    ids=["all is well", "containers not listed", "a container of the admin's", "no such user"],
)
def test_docker_is_not_taken_back_for_what_is_wrong_with_something_else(host: Observed) -> None:
    assert not_working(SETTINGS.without_images(), host) == ""


def test_docker_that_does_not_do_what_it_is_told_is_taken_back() -> None:
    host = converged(Workload(answers=True))
    assert host.engine is not None
    assert not_working(SETTINGS, replace(host, engine=None)) == "Docker does not answer"
    other = replace(host, engine=replace(host.engine, log_driver="local"))
    assert not_working(SETTINGS, other) == "log-driver is local, wanted is journald"


def test_what_is_left_to_change_is_said_without_logins() -> None:
    said = "\n".join(unmet(SETTINGS, replace(converged(Workload(answers=True)), daemon_json=None)))
    assert "proxies" in said
    assert "hunter2" not in said


def test_nothing_is_left_to_change_where_all_is_done() -> None:
    assert unmet(Settings(), after(Settings(), BARE, plan(Settings(), BARE))) == ()
