"""Which hosts a lab has, and what brings each container to life."""

from pathlib import Path

import pytest

from lab import distros, hosts
from lab.containers import Found, action, state_of
from lab.network import address
from lab.paths import digest, lab_id
from lab.services import is_request
from lab.shell import LabError


def test_distributions_come_in_turn_and_names_carry_the_number() -> None:
    lab = hosts.wanted(4, list(distros.DEFAULT), some_dirty=False)
    assert [host.name for host in lab] == [
        *("debian12-1", "debian13-2", "ubuntu24-identified-3", "debian12-4")
    ]


def test_the_first_of_every_three_is_dirty() -> None:
    lab = hosts.wanted(7, ["debian12"], some_dirty=True)
    assert [host.number for host in lab if host.dirty] == [1, 4, 7]


def test_an_ubuntu_host_on_debians_userland_says_so() -> None:
    noble = distros.find("ubuntu24.04", ubuntu_mirror="")
    assert noble.identified
    assert noble.description == "Ubuntu 24.04 LTS (identified; Debian 13 userland)"
    lines = distros.os_release(noble).splitlines()
    assert {"ID=ubuntu", "ID_LIKE=debian", "VERSION_CODENAME=noble"} <= set(lines)
    assert any(line.startswith("PRETTY_NAME=") and "identified" in line for line in lines)


def test_with_an_ubuntu_mirror_it_is_a_true_one() -> None:
    jammy = distros.find("ubuntu22.04", ubuntu_mirror="http://mirror.example/ubuntu")
    assert (jammy.suite, jammy.identified, jammy.description) == (
        "jammy",
        False,
        "Ubuntu 22.04 LTS",
    )


def test_an_unknown_distribution_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(LabError, match=r"'debian11'.*debian12, debian13"):
        distros.find("debian11")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, "create"),
        (Found("running", "same", True), "keep"),
        (Found("running", "other", True), "recreate"),
        (Found("exited", "same", True), "start"),
        (Found("paused", "same", True), "unpause"),
        (Found("running", "same", False), "connect"),
        (Found("created", "same", True), "recreate"),
        (Found("dead", "same", True), "recreate"),
        (Found("lost", "same", True), "recreate"),
    ],
)
def test_what_brings_a_container_to_life(found: Found | None, expected: str) -> None:
    assert action("same", found) == expected


def test_a_running_container_without_a_process_is_lost() -> None:
    assert state_of({"Status": "running", "Pid": 2**30}) == "lost"
    assert state_of({"Status": "exited", "Pid": 0}) == "exited"


def test_addresses_are_counted_from_the_subnet() -> None:
    assert address("172.18.0.0/16", 11) == "172.18.0.11"
    with pytest.raises(LabError, match="no room"):
        address("10.0.0.0/28", 15)


def test_checkouts_and_contents_have_names_of_their_own() -> None:
    assert lab_id(Path("/a")) != lab_id(Path("/b"))
    assert digest("ab", "c") != digest("a", "bc")


def test_requests_are_counted_by_client_and_port() -> None:
    line = "1.0 5000 172.18.0.11 GET /v2/library/hello-world/manifests/latest 200 10"
    assert is_request(line, "172.18.0.11", 5000, "hello-world")
    assert not is_request(line, "172.18.0.11", 5001)
    assert not is_request(line, "172.18.0.1", 5000)
