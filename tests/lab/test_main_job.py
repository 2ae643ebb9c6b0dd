"""The main job on real hosts: bare and dirty ones become Docker hosts; again changes nothing."""

import json
from pathlib import Path

import pytest

from lab import counter
from tests.lab.fleet import Lab, Ran

EVERY = pytest.mark.parametrize("kind", ["dirty", "debian13", "ubuntu"])
PACKAGES = (
    "docker-ce",
    "docker-ce-cli",
    "containerd.io",
    "docker-buildx-plugin",
    "docker-compose-plugin",
)


@pytest.fixture(scope="module")
def before(lab: Lab) -> dict[str, str]:
    """Hosts in their starting state, and what each of them was then."""
    lab.reset(*lab.all)
    return {name: lab.fingerprint(name) for name in lab.all}


@pytest.fixture(scope="module")
def dry(lab: Lab, before: dict[str, str]) -> Ran:
    """A dry run on hosts in their starting state."""
    return lab.deploy("--dry")


@pytest.fixture(scope="module")
def applied(lab: Lab, dry: Ran) -> Ran:
    """The first run."""
    return lab.deploy()


@pytest.fixture(scope="module")
def again(lab: Lab, applied: Ran) -> Ran:
    """The second run, with every remote command counted by the hosts."""
    for name in lab.all:
        counter.start(name)
    return lab.deploy()


def test_a_dry_run_shows_reasons_and_impact_and_changes_nothing(
    lab: Lab, before: dict[str, str], dry: Ran
) -> None:
    assert dry.code == 0, dry.output
    assert "docker-ce: not installed -> 5:26.1.5-1~debian.13~trixie" in dry.output
    assert "because it signs Docker's packages" in dry.output
    assert "impact: restart, stops the containers old-app" in dry.output
    assert "3 hosts: 3 would change" in dry.output
    assert {name: lab.fingerprint(name) for name in lab.all} == before


def test_the_run_ends_with_a_table_of_all_hosts(lab: Lab, applied: Ran) -> None:
    assert applied.code == 0, applied.output
    table = applied.output.rpartition("outcome")[2]
    for name in lab.all:
        assert name in table
    assert "3 hosts: 3 changed" in table


@EVERY
def test_packages_and_service(lab: Lab, applied: Ran, kind: str) -> None:
    host = lab.inspect(getattr(lab, kind))
    assert [name for name in PACKAGES if not host.package(name).is_installed] == []
    assert host.package("docker-ce").version.startswith("5:26.1.5-1~")
    assert host.service("docker").is_running
    assert host.service("docker").is_enabled
    assert host.check_output("docker info --format '{{.Driver}}'") == "overlay2"


@EVERY
def test_one_definition_of_the_repository(lab: Lab, applied: Ran, kind: str) -> None:
    host = lab.inspect(getattr(lab, kind))
    url = lab.services["repo_url"]
    named = host.check_output("grep -rl %s /etc/apt", url)
    assert named == "/etc/apt/sources.list.d/docker.sources"
    key = host.file("/etc/apt/keyrings/docker.asc")
    assert (key.user, key.mode) == ("root", 0o644)
    host.run_expect([0], "apt-get update -o APT::Update::Error-Mode=any")


@EVERY
def test_mirrors_are_in_force(lab: Lab, applied: Ran, kind: str) -> None:
    host = lab.inspect(getattr(lab, kind))
    mirrors = json.loads(host.check_output("docker info --format '{{json .RegistryConfig}}'"))
    assert mirrors["Mirrors"] == [f"{lab.services['mirror']}/"]


@EVERY
def test_a_user_of_the_group_runs_hello_world_through_the_mirror(
    lab: Lab, applied: Ran, kind: str
) -> None:
    name = getattr(lab, kind)
    lab.root(name, "docker image rm hello-world || true")
    ran = lab.login(name, "alice", "docker", "run", "--rm", "hello-world")
    assert ran.code == 0, ran.output
    assert "Hello from Docker!" in ran.output
    assert lab.login(name, "bob", "docker", "ps").code != 0


def test_bare_hosts_started_their_daemon_once(lab: Lab, applied: Ran) -> None:
    for name in (lab.debian13, lab.ubuntu):
        started = lab.root(name, "journalctl -u docker.service | grep -c 'Started docker'")
        assert started.strip() == "1"


def test_the_dirty_host_keeps_what_is_its_admin_s(lab: Lab, applied: Ran) -> None:
    host = lab.inspect(lab.dirty)
    kept = json.loads(host.file("/etc/docker/daemon.json").content_string)
    assert kept == {
        "debug": True,
        "labels": ["owner=infra"],
        "max-concurrent-downloads": 4,
        "live-restore": True,
        "log-opts": {"max-size": "10m", "max-file": "3"},
        "registry-mirrors": [lab.services["mirror"]],
    }
    assert host.check_output("docker ps --format {{.Names}}") == "old-app"
    names = host.check_output("tar -tf %s", host.check_output("ls -d /var/backups/rackwright/*"))
    assert names.split() == ["etc/apt/sources.list.d/docker.list", "etc/docker/daemon.json"]


def test_packages_in_the_way_are_gone(lab: Lab, applied: Ran) -> None:
    host = lab.inspect(lab.dirty)
    assert not any(host.package(name).is_installed for name in ("docker.io", "containerd", "runc"))


def test_the_second_run_changes_nothing_with_one_command_per_host(lab: Lab, again: Ran) -> None:
    counted = {name: counter.stop(name) for name in lab.all}
    assert again.code == 0, again.output
    assert "Starting operation" not in again.output
    assert "3 hosts: 3 unchanged; nothing was changed." in again.output
    assert counted == dict.fromkeys(lab.all, 1)


@EVERY
def test_there_is_no_python_on_the_hosts(lab: Lab, applied: Ran, kind: str) -> None:
    assert not lab.root(getattr(lab, kind), "command -v python3 python || true")


def test_a_host_seen_for_the_first_time_is_written_down(
    lab: Lab, applied: Ran, tmp_path: Path
) -> None:
    known = tmp_path / "known_hosts"
    name = lab.debian13
    first = {"ssh_known_hosts_file": str(known), "ssh_strict_host_key_checking": "accept-new"}
    ran = lab.deploy("--dry", limit=[name], data={name: first})
    assert "1 host: 1 unchanged" in ran.output, ran.output
    assert known.read_text().startswith(f"{lab.data(name)['ssh_hostname']} ")


def test_the_second_run_restarts_nothing(lab: Lab, applied: Ran) -> None:
    show = "systemctl show docker containerd -p MainPID; docker ps -q | xargs -r docker inspect "
    show += "-f {{.State.StartedAt}}"
    before = {name: lab.root(name, show) for name in lab.all}
    ran = lab.deploy()
    assert ran.code == 0, ran.output
    assert {name: lab.root(name, show) for name in lab.all} == before
