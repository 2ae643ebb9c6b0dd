"""A lock file and the drift check: exact versions, other bytes, changes by hand, and healing."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import counter
from tests.lab.fleet import Lab, Ran

# Newest first; the lab's repository has both for every release.
CONTAINERD = ("1.7.24-1", "1.6.20-1")


@pytest.fixture(scope="module")
def hosts(lab: Lab) -> list[str]:
    """Two hosts in their starting state, and the words that limit a command to them."""
    lab.reset(lab.debian13, lab.ubuntu)
    return ["--limit", lab.debian13, "--limit", lab.ubuntu]


@pytest.fixture(scope="module")
def lock(lab: Lab, hosts: list[str]) -> Iterator[Path]:
    """The lock file that `rackwright lock` writes; gone when the tests here are done."""
    path = lab.folder / "inventory.lock.json"
    ran = lab.rackwright("lock", str(lab.inventory(data(lab))), *hosts)
    assert ran.code == 0, ran.output
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def deployed(lab: Lab, lock: Path) -> Ran:
    """deploy.py on both hosts, with the lock file beside the inventory."""
    ran = deploy(lab, lab.debian13, lab.ubuntu)
    assert ran.code == 0, ran.output
    return ran


def data(lab: Lab, **of_ubuntu: object) -> dict[str, dict[str, object]]:
    """Settings of single hosts: the Ubuntu host uses its mirrors as they are given."""
    return {lab.ubuntu: {"docker_mirror_probe": False, **of_ubuntu}}


def deploy(lab: Lab, *names: str, **of_ubuntu: object) -> Ran:
    """deploy.py on these hosts."""
    return lab.deploy(limit=names, data=data(lab, **of_ubuntu))


def check(lab: Lab, *words: str) -> tuple[Ran, Ran]:
    """The check by our own command and by pyinfra's."""
    inventory = str(lab.inventory(data(lab)))
    return (
        lab.rackwright("check", inventory, *words),
        lab.pyinfra("-y", inventory, "tasks.check.check", *words),
    )


def test_a_lock_holds_what_apt_has_from_the_signed_index(lab: Lab, lock: Path) -> None:
    held = json.loads(lock.read_text())
    assert held["schema"] == 1
    assert held["keys"] == [lab.state["all"]["docker_key_fingerprint"]]
    assert list(held["packages"]) == ["debian/trixie/amd64", "ubuntu/noble/amd64"]
    engine = held["packages"]["ubuntu/noble/amd64"]["stable/latest"]["docker-ce"]
    assert engine["version"] == "5:26.1.5-1~ubuntu.24.04~noble"
    url = f"{lab.services['repo_url']}/ubuntu/dists/noble/pool/stable/amd64"
    summed = lab.root(
        lab.ubuntu, f"curl -sf {url}/docker-ce_26.1.5-1~ubuntu.24.04~noble_amd64.deb | sha256sum"
    )
    assert engine["sha256"] == summed.split()[0]
    digest = held["images"]["hello-world:latest"]
    manifest = f"{lab.services['mirror']}/v2/library/hello-world/manifests/{digest}"
    assert lab.root(lab.ubuntu, f"curl -sf {manifest} | sha256sum").split()[0] == digest[7:]


def test_a_lock_is_the_same_when_nothing_changed(lab: Lab, hosts: list[str], lock: Path) -> None:
    before = lock.read_bytes()
    ran = lab.rackwright("lock", str(lab.inventory(data(lab))), *hosts)
    assert ran.code == 0, ran.output
    assert lock.read_bytes() == before


def test_a_deploy_installs_the_locked_versions(lab: Lab, deployed: Ran, lock: Path) -> None:
    locked = json.loads(lock.read_text())["packages"]["debian/trixie/amd64"]["stable/latest"]
    for name, package in locked.items():
        assert lab.inspect(lab.debian13).package(name).version == package["version"]
    digest = json.loads(lock.read_text())["images"]["hello-world:latest"]
    shown = "docker image inspect -f '{{.RepoDigests}}' hello-world:latest"
    for name in (lab.debian13, lab.ubuntu):
        assert lab.root(name, shown).strip() == f"[hello-world@{digest}]"


def test_a_check_that_finds_nothing_costs_one_command_and_says_one_sentence(
    lab: Lab, deployed: Ran, hosts: list[str]
) -> None:
    names = (lab.debian13, lab.ubuntu)
    before = [lab.fingerprint(name) for name in names]
    for name in names:
        counter.start(name)
    ours, theirs = check(lab, *hosts)
    # Two checks, each one look; where mirrors are probed, they are tried out once more in each.
    assert [counter.stop(name) for name in names] == [4, 2]
    assert (ours.code, ours.output) == (0, "2 hosts: none drifted.\n")
    assert theirs.code == 0, theirs.output
    assert "2 hosts: none drifted." in theirs.output
    assert [lab.fingerprint(name) for name in names] == before


def test_drift_is_shown_by_both_commands_and_healed(
    lab: Lab, deployed: Ran, hosts: list[str]
) -> None:
    newest, old = CONTAINERD
    lab.root(
        lab.debian13,
        f"apt-get install -qy --allow-downgrades --allow-change-held-packages containerd.io={old}; "
        "sed -i s/:5000/:5009/ /etc/docker/daemon.json",
    )
    before = lab.fingerprint(lab.debian13)
    ours, theirs = check(lab, *hosts)
    for ran in (ours, theirs):
        assert f"containerd.io: {old} -> {newest}" in ran.output
        assert "/etc/docker/daemon.json: registry-mirrors: [" in ran.output
        assert re.search(rf"{lab.debian13} +│ drifted", ran.output)
        assert re.search(rf"{lab.ubuntu} +│ unchanged", ran.output)
    assert (ours.code, theirs.code) == (2, 1)
    assert lab.fingerprint(lab.debian13) == before
    healed = deploy(lab, lab.debian13)
    assert healed.code == 0, healed.output
    assert [ran.code for ran in check(lab, *hosts)] == [0, 0]


def test_the_same_version_with_other_bytes_is_refused(
    lab: Lab, deployed: Ran, lock: Path, hosts: list[str]
) -> None:
    name = "docker-compose-plugin"
    lab.root(lab.ubuntu, f"apt-mark unhold {name}; apt-get purge -qy {name}")
    text = lock.read_text()
    held = json.loads(text)
    held["packages"]["ubuntu/noble/amd64"]["stable/latest"][name]["sha256"] = "0" * 64
    lock.write_text(json.dumps(held))
    refused = deploy(lab, lab.ubuntu)
    lock.write_text(text)
    assert refused.code == 1
    assert "is on offer with other bytes than the lock file names" in refused.output
    assert not lab.inspect(lab.ubuntu).package(name).is_installed
    ran = deploy(lab, lab.ubuntu)
    assert ran.code == 0, ran.output
    assert lab.inspect(lab.ubuntu).package(name).is_installed


def test_settings_that_contradict_the_lock(lab: Lab, deployed: Ran) -> None:
    said = (
        f"{lab.ubuntu}: docker_version: stable/20.10 is wanted, inventory.lock.json was made for "
        "stable/latest; run `rackwright lock` for this inventory again"
    )
    ran = deploy(lab, lab.ubuntu, docker_version="20.10")
    assert ran.code == 1
    assert said in ran.output
    ours = lab.rackwright("check", str(lab.inventory(data(lab, docker_version="20.10"))))
    assert ours.code == 4
    assert said in ours.output


def test_a_release_that_the_lock_does_not_have(lab: Lab, deployed: Ran) -> None:
    ran = lab.rackwright("check", str(lab.inventory(data(lab))), "--limit", lab.dirty)
    assert ran.code == 3
    assert (
        "inventory.lock.json has no docker-ce, docker-ce-cli, docker-ce-rootless-extras,"
        in ran.output
    )
    assert "for debian/bookworm/amd64" in ran.output


def test_a_host_out_of_reach_is_named(lab: Lab, deployed: Ran, hosts: list[str]) -> None:
    inventory = str(lab.inventory(data(lab, ssh_port=9)))
    ours = lab.rackwright("check", inventory, *hosts)
    theirs = lab.pyinfra("-y", inventory, "tasks.check.check", *hosts)
    assert (ours.code, theirs.code) == (3, 1)
    for ran in (ours, theirs):
        assert re.search(rf"{lab.ubuntu} +│ unreachable", ran.output)
        assert "2 hosts: none drifted, 1 could not be looked at" in ran.output
    locked = lab.rackwright("lock", inventory, *hosts)
    assert locked.code == 3
    assert "inventory.lock.json was not written" in locked.output
