"""An engine's life: pinned, on hold, upgraded, taken back, on a host where a container runs."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from lab import counter
from tests.lab.fleet import Lab, Ran

OLD, NEW = "20.10.24", "26.1.5"
# containerd.io has versions of its own; with the older engine, the older one is pinned here.
OLD_CONTAINERD, NEW_CONTAINERD = "1.6.20-1", "1.7.24-1"
PINNED: dict[str, Any] = {"docker_package_versions": {"containerd.io": OLD_CONTAINERD}}
UPGRADE = "tasks.upgrade.upgrade"
STARTS = (
    "journalctl -u docker.service -o cat --no-pager | grep -c '^Starting docker.service' || true"
)
EVERY = pytest.mark.parametrize("kind", ["dirty", "debian13", "ubuntu"])
APP = "docker run -d --name app --restart always debian:12 sleep 1000000"
STATE = "docker inspect -f '{{.State.Pid}} {{.State.StartedAt}}' app"


@pytest.fixture(scope="module")
def name(lab: Lab) -> Iterator[str]:
    """All hosts are pinned to the older engine, with a container; the name of one of them."""
    lab.reset(*lab.all)
    ran = lab.deploy(data={host: {"docker_version": "20.10", **PINNED} for host in lab.all})
    assert ran.code == 0, ran.output
    for host in lab.all:
        assert installed(lab, host)["containerd.io"] == OLD_CONTAINERD
        lab.root(host, APP)
    yield lab.debian13
    for host in lab.all:
        lab.root(host, "docker rm -f app")


def deploy(lab: Lab, **data: Any) -> Ran:
    """A run of deploy.py on one host with these settings."""
    return lab.deploy(limit=[lab.debian13], data={lab.debian13: data})


def upgrade(lab: Lab, *words: str, hosts: tuple[str, ...] = (), **data: Any) -> Ran:
    """A run of the upgrade on these hosts, or on one, with these settings."""
    limits = [word for name in hosts or (lab.debian13,) for word in ("--limit", name)]
    inventory = lab.inventory(dict.fromkeys(lab.all, data))
    return lab.pyinfra("-y", str(inventory), UPGRADE, *words, *limits)


def running(lab: Lab, name: str) -> str:
    """The engine's version, as it says itself."""
    return lab.root(name, "docker version -f '{{.Server.Version}}'").strip()


def running_containerd(lab: Lab, name: str) -> str:
    """The version of the containerd that runs, as it says itself."""
    components = "{{range .Server.Components}}{{.Name}} {{.Version}}{{println}}{{end}}"
    said = lab.root(name, f"docker version -f '{components}'")
    return "".join(re.findall(r"^containerd v?(\d+\.\d+\.\d+)", said, re.MULTILINE))


def held(lab: Lab, name: str) -> set[str]:
    """The packages on hold."""
    return set(lab.root(name, "apt-mark showhold").split())


def installed(lab: Lab, name: str) -> dict[str, str]:
    """Versions of Docker's packages."""
    listed = lab.root(
        name,
        "dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Version}\n' 'docker-*' containerd.io",
    ).splitlines()
    rows = (line.split("\t") for line in listed)
    return {package: version for status, package, version in rows if status[1] == "i"}


@EVERY
def test_all_packages_of_the_pinned_engine_are_there_and_on_hold(
    lab: Lab, name: str, kind: str
) -> None:
    host = getattr(lab, kind)
    assert running(lab, host).startswith(OLD)
    packages = installed(lab, host)
    engine = {packages[each] for each in packages if each.startswith("docker-ce")}
    assert len(engine) == 1
    assert held(lab, host) == set(packages)


def test_unattended_upgrades_leave_it_alone(lab: Lab, name: str) -> None:
    before = installed(lab, name)
    lab.root(name, "apt-get update -q && apt-get upgrade -qy && apt-get dist-upgrade -qy")
    assert installed(lab, name) == before


def test_latest_says_that_there_is_a_newer_one_and_does_nothing(lab: Lab, name: str) -> None:
    counter.start(name)
    ran = deploy(lab)
    assert counter.stop(name) == 1
    assert "1 host: 1 unchanged; nothing was changed." in ran.output
    assert f"note: docker-ce 5:{NEW}-1~debian.13~trixie is on offer" in ran.output
    assert running(lab, name).startswith(OLD)


def test_an_unknown_version_is_answered_with_those_on_offer(lab: Lab, name: str) -> None:
    before = lab.fingerprint(name)
    for ran in (deploy(lab, docker_version="26.2"), upgrade(lab, "version=26.2")):
        assert ran.code == 1
        assert "the repository has no docker-ce 26.2; on offer: 5:26.1.5-1" in ran.output
        assert "5:20.10.24-1" in ran.output
    assert lab.fingerprint(name) == before


def test_what_the_admin_holds_is_not_moved(lab: Lab, name: str) -> None:
    lab.root(name, "apt-get install -qy netbase && apt-mark hold netbase")
    lab.root(name, "sed -i /docker-ce-cli/d /var/lib/rackwright/holds")
    before = lab.fingerprint(name)
    ran = upgrade(lab)
    assert ran.code == 1
    assert "docker-ce-cli would have to move, and somebody put a hold on that" in ran.output
    assert "`apt-mark unhold docker-ce-cli`" in ran.output
    assert lab.fingerprint(name) == before
    lab.root(name, "echo docker-ce-cli >> /var/lib/rackwright/holds")


def test_an_upgrade_that_dies_is_taken_up(lab: Lab, name: str) -> None:
    lab.deploy_and_kill(name, "Starting operation: Engine | Docker's packages are inst", UPGRADE)
    lab.root(name, "while pgrep -x 'apt-get|dpkg'; do sleep 0.2; done >/dev/null")
    ran = upgrade(lab)
    assert ran.code == 0, ran.output
    assert running(lab, name).startswith(NEW)
    assert set(installed(lab, name)) | {"netbase"} == held(lab, name)
    again = upgrade(lab)
    assert "1 host: 1 unchanged" in again.output


def test_a_step_back_needs_a_word(lab: Lab, name: str) -> None:
    before = lab.fingerprint(name)
    refused = upgrade(lab, "version=20.10")
    assert refused.code == 1
    assert "20.10 is older than the installed 5:26.1.5" in refused.output
    assert lab.fingerprint(name) == before
    exactly = f"5:{OLD}-1~debian.13~trixie"
    ran = upgrade(lab, f"version={exactly}", "allow_downgrade=true", **PINNED)
    assert ran.code == 0, ran.output
    assert running(lab, name).startswith(OLD)
    assert installed(lab, name)["docker-ce"] == exactly


@pytest.mark.parametrize(
    ("words", "data", "version", "containerd"),
    [
        (("version=26.1.5",), {}, NEW, NEW_CONTAINERD),
        (("version=20.10", "allow_downgrade=true"), PINNED, OLD, OLD_CONTAINERD),
    ],
    ids=["upwards", "downwards"],
)
def test_docker_restarts_once_and_no_container(
    lab: Lab,
    name: str,
    words: tuple[str, ...],
    data: dict[str, Any],
    version: str,
    containerd: str,
) -> None:
    before = {host: (int(lab.root(host, STARTS)), lab.root(host, STATE)) for host in lab.all}
    ran = upgrade(lab, *words, hosts=lab.all, **data)
    assert ran.code == 0, ran.output
    assert "3 hosts: 3 changed" in ran.output
    for host, (starts, app) in before.items():
        assert running(lab, host).startswith(version)
        assert running_containerd(lab, host) == containerd.removesuffix("-1")
        assert installed(lab, host)["containerd.io"] == containerd
        assert lab.root(host, STATE) == app
        assert int(lab.root(host, STARTS)) == starts + 1


def test_the_plan_has_exact_versions(lab: Lab, name: str) -> None:
    ran = lab.pyinfra(str(lab.inventory({})), UPGRADE, "--limit", name, "--dry")
    assert f"docker-ce: 5:{OLD}-1~debian.13~trixie -> 5:{NEW}-1~debian.13~trixie" in ran.output
    assert running(lab, name).startswith(OLD)


def test_our_holds_go_when_they_are_not_wanted_and_others_stay(lab: Lab, name: str) -> None:
    ran = deploy(lab, docker_hold=False)
    assert ran.code == 0, ran.output
    assert held(lab, name) == {"netbase"}
    assert "1 host: 1 unchanged" in deploy(lab, docker_hold=False).output
    ran = deploy(lab)
    assert ran.code == 0, ran.output
    assert held(lab, name) == {*installed(lab, name), "netbase"}
