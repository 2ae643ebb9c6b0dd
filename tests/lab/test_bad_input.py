"""What goes wrong: one clear error that names host and remedy, nothing half-changed, others go on.

The bad host is the bare `ubuntu`; `debian13` is the good one that goes on.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.fleet import Lab, Ran

NORMAL = (" Connected", " Ready: deploy.py", " Success", " Skipped")
OTHER_FINGERPRINT = "DEADBEEF" * 5


@pytest.fixture(scope="module")
def good(lab: Lab) -> None:
    """One converged host."""
    lab.reset(lab.debian13)
    ran = lab.deploy(limit=[lab.debian13])
    assert ran.code == 0, ran.output


@pytest.fixture
def bare(lab: Lab, good: None) -> Iterator[str]:
    """The bad host, bare before; the test fails if anything of it was changed."""
    lab.reset(lab.ubuntu)
    before = lab.fingerprint(lab.ubuntu)
    yield lab.ubuntu
    assert lab.fingerprint(lab.ubuntu) == before


def both(lab: Lab, **data: Any) -> Ran:
    """A run on the good host and on the bad one, whose data is changed."""
    ran = lab.deploy(limit=[lab.debian13, lab.ubuntu], data={lab.ubuntu: data})
    assert ran.code == 1, ran.output
    return ran


def error_of(lab: Lab, ran: Ran) -> str:
    """The line of the bad host in the output, after checking that the good one went on."""
    assert "Traceback" not in ran.output
    table = ran.output.rpartition("outcome")[2]
    assert "1 unchanged" in table, ran.output
    lines = [line for line in ran.output.splitlines() if f"[{lab.ubuntu}]" in line]
    return "\n".join(line for line in lines if not line.endswith(NORMAL))


def test_a_wrong_fingerprint(lab: Lab, bare: str) -> None:
    error = error_of(lab, both(lab, docker_key_fingerprint=OTHER_FINGERPRINT))
    assert f"wanted is {OTHER_FINGERPRINT}" in error
    assert "set docker_key_fingerprint" in error
    assert len(error.splitlines()) == 1


def test_a_key_that_is_not_the_wanted_one(lab: Lab, bare: str) -> None:
    url = lab.services["wrong_key_repo_url"]
    error = error_of(lab, both(lab, docker_repo_url=url))
    assert f"the key at {url}/ubuntu/gpg has the fingerprint" in error


def test_a_repository_that_the_laptop_does_not_reach(lab: Lab, bare: str) -> None:
    error = error_of(lab, both(lab, docker_repo_url=f"{lab.services['dead']}/linux"))
    assert f"cannot fetch Docker's key from {lab.services['dead']}/linux/ubuntu/gpg" in error
    assert "set docker_repo_url to a mirror" in error


def test_a_repository_that_only_the_host_does_not_reach(lab: Lab, good: None) -> None:
    lab.reset(lab.ubuntu)
    address = lab.services["repo_url"].split("/")[2].split(":")[0]
    lab.root(lab.ubuntu, f"ip route add blackhole {address}")
    error = error_of(lab, both(lab))
    assert f"{lab.ubuntu}] this host cannot use Docker's repository at" in error
    assert "set docker_repo_url to a mirror" in error
    host = lab.inspect(lab.ubuntu)
    assert not host.file("/etc/apt/sources.list.d/docker.sources").exists
    assert not host.file("/etc/docker").exists
    assert not host.package("docker-ce").is_installed
    lab.root(lab.ubuntu, f"ip route del blackhole {address}")
    home = lab.deploy(limit=[lab.ubuntu])
    assert home.code == 0, home.output
    assert "1 changed" in home.output


def test_settings_errors_stop_all_before_the_first_change(lab: Lab, bare: str) -> None:
    ran = lab.deploy(
        data={
            lab.ubuntu: {"docker_registry_mirror": ["https://m.example"]},
            lab.dirty: {"docker_version": 26.1},
        }
    )
    assert ran.code == 1
    assert f"{lab.ubuntu}: docker_registry_mirror: there is no such setting" in ran.output
    assert "the nearest is docker_registry_mirrors" in ran.output
    assert f"{lab.dirty}: docker_version: 26.1 is a number" in ran.output
    assert "no host was touched" in ran.output
    assert "Starting operation" not in ran.output
    assert "Traceback" not in ran.output


def test_users_that_do_not_exist(lab: Lab, bare: str) -> None:
    error = error_of(lab, both(lab, docker_users=["alice", "zoe"]))
    assert "docker_users names zoe, who does not exist on the host; create them" in error


def test_an_unsupported_distribution(lab: Lab, bare: str) -> None:
    lab.root(bare, "cp /etc/os-release /root/; sed -i s/^ID=.*/ID=fedora/ /etc/os-release")
    error = error_of(lab, both(lab))
    lab.root(bare, "cat /root/os-release > /etc/os-release")
    assert "fedora 24.04 is not supported: Rackwright provisions Debian 11 or newer" in error


def test_no_sudo(lab: Lab, bare: str) -> None:
    error = error_of(lab, both(lab, ssh_user="plain"))
    assert "sudo" in error
    assert "give the login sudo without a password, or set _sudo_password" in error


def test_a_sudo_that_asks_for_a_password_gets_it(lab: Lab, good: None) -> None:
    name = lab.ubuntu
    lab.reset(name)
    lab.root(name, "echo 'plain ALL=(ALL) ALL' > /etc/sudoers.d/plain; echo plain:hush1 | chpasswd")
    login = {"ssh_user": "plain", "_sudo_password": "hush1"}
    ran = lab.deploy(limit=[name], data={name: login})
    assert "1 host: 1 changed" in ran.output, ran.output
    assert "hush1" not in ran.output
    again = lab.deploy(limit=[name], data={name: login})
    assert "1 host: 1 unchanged" in again.output, again.output


def test_a_wrong_ssh_key(lab: Lab, bare: str, tmp_path: Path) -> None:
    key = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-qN", "", "-t", "ed25519", "-f", key], check=True)
    ran = both(lab, ssh_key=str(key))
    assert "Authentication error" in error_of(lab, ran)
    table = ran.output.rpartition("outcome")[2]
    assert "unreachable" in table
    assert "could not log in" in table
    assert "try: ssh -i" in table


def test_a_changed_host_key(lab: Lab, bare: str, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger"
    subprocess.run(["ssh-keygen", "-qN", "", "-t", "ed25519", "-f", stranger], check=True)
    address = lab.data(bare)["ssh_hostname"]
    public = stranger.with_suffix(".pub").read_text()
    known = tmp_path / "known_hosts"
    known.write_text(f"{address} {public}")
    error = error_of(lab, both(lab, ssh_known_hosts_file=str(known)))
    assert "SSH host key error" in error


def test_a_broken_daemon_json(lab: Lab, bare: str) -> None:
    lab.root(bare, "mkdir /etc/docker; echo '{\"debug\": true,}' > /etc/docker/daemon.json")
    error = error_of(lab, both(lab))
    lab.root(bare, "rm -r /etc/docker")
    assert "/etc/docker/daemon.json is not valid JSON (line 1:" in error
    assert "repair it or move it away" in error
