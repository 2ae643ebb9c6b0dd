"""An offline bundle: made over connected hosts, installed where no network is."""

import hashlib
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab import counter
from rackwright.laptop.archives import read_archive
from tests.lab.fleet import PATIENCE, RACKWRIGHT, ROOT, Lab, Ran

# Everything is dropped but the laptop's SSH. Docker's own chains do not concern OUTPUT and INPUT.
CUT = """
iptables -A INPUT -i lo -j ACCEPT; iptables -A OUTPUT -o lo -j ACCEPT
iptables -A INPUT -p tcp -s {laptop} --dport 22 -j ACCEPT; iptables -A INPUT -j DROP
iptables -A OUTPUT -p tcp -d {laptop} --sport 22 -j ACCEPT; iptables -A OUTPUT -j DROP
! timeout 3 curl -s {url} >/dev/null
"""
MEND = "iptables -F INPUT; iptables -F OUTPUT"
PLUGIN = "docker-compose-plugin"
IMAGES: dict[str, Any] = {"docker_images": ["debian:12"]}


@pytest.fixture(scope="module")
def limit(lab: Lab) -> list[str]:
    """A dirty Debian 12 and a bare Debian 13 in their starting state, as words of a command."""
    lab.reset(*lab.all)
    return ["--limit", lab.dirty, "--limit", lab.debian13]


@pytest.fixture(scope="module")
def bundle(lab: Lab, limit: list[str]) -> Path:
    """The bundle for both releases, made over one login that is greeted."""
    folder = lab.folder / "bundle"
    with lab.greeted(lab.debian13):
        ran = lab.rackwright("bundle", str(inventory(lab)), "-o", str(folder), *limit)
    assert ran.code == 0, ran.output
    return folder


@pytest.fixture(scope="module")
def cut(lab: Lab, bundle: Path) -> Iterator[None]:
    """Both hosts reach nothing any more, and nothing but the laptop reaches them."""
    with cut_off(lab, lab.dirty, lab.debian13):
        yield


@contextmanager
def cut_off(lab: Lab, *names: str) -> Iterator[None]:
    """These hosts have no network, for a while."""
    laptop = lab.data(lab.dirty)["ssh_hostname"].rpartition(".")[0] + ".1"
    for name in names:
        lab.root(name, CUT.format(laptop=laptop, url=lab.services["repo_url"]))
    yield
    for name in names:
        lab.root(name, MEND)


@pytest.fixture(scope="module")
def shown(lab: Lab, bundle: Path, cut: None) -> Ran:
    """The plan for both hosts, before anything is done."""
    return lab.deploy("--dry", limit=(lab.dirty, lab.debian13), data=data(lab, bundle))


@pytest.fixture(scope="module")
def deployed(lab: Lab, bundle: Path, shown: Ran) -> Ran:
    """deploy.py on both hosts, from the bundle."""
    return deploy(lab, bundle)


def inventory(lab: Lab) -> Path:
    """An inventory of connected hosts that are to have an image."""
    return lab.inventory(dict.fromkeys(lab.all, IMAGES))


def data(lab: Lab, bundle: Path) -> dict[str, dict[str, Any]]:
    """Settings of hosts that have only the bundle."""
    alone = {
        "docker_source": "bundle",
        "docker_bundle": str(bundle),
        "docker_registry_mirrors": None,
        **IMAGES,
    }
    return dict.fromkeys(lab.all, alone)


def deploy(lab: Lab, bundle: Path, *names: str) -> Ran:
    """deploy.py on these hosts, or on both that are cut off."""
    return lab.deploy(limit=names or (lab.dirty, lab.debian13), data=data(lab, bundle))


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a bundle but its manifest."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


def test_a_bundle_holds_the_whole_closure_with_its_hashes(lab: Lab, bundle: Path) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["files"] == hashes(bundle)
    for folder in ("debian-bookworm-amd64", "debian-trixie-amd64"):
        names = {path.name.partition("_")[0] for path in (bundle / folder).glob("*.deb")}
        assert {"docker-ce", "containerd.io", PLUGIN, "iptables", "libseccomp2", "libc6"} <= names
    fingerprint = lab.state["all"]["docker_key_fingerprint"]
    assert f"keys/{fingerprint}.asc" in manifest["files"]
    url = f"{lab.services['repo_url']}/debian/dists/trixie/pool/stable/amd64/containerd.io_1.7.24"
    summed = lab.root(lab.ubuntu, f"curl -sf {url}-1_amd64.deb | sha256sum").split()[0]
    assert manifest["files"]["debian-trixie-amd64/containerd.io_1.7.24-1_amd64.deb"] == summed


def test_a_second_run_fetches_only_what_changed(lab: Lab, bundle: Path, limit: list[str]) -> None:
    before = (bundle / "manifest.json").read_bytes()
    gone = bundle / "debian-trixie-amd64" / "containerd.io_1.7.24-1_amd64.deb"
    gone.unlink()
    ran = lab.rackwright("bundle", str(inventory(lab)), "-o", str(bundle), *limit)
    assert ran.code == 0, ran.output
    assert " 1 of them fetched now" in ran.output
    assert (bundle / "manifest.json").read_bytes() == before


def test_a_run_that_dies_leaves_no_half_bundle(
    lab: Lab, bundle: Path, limit: list[str], tmp_path: Path
) -> None:
    command = [RACKWRIGHT, "bundle", str(inventory(lab)), "-o", str(tmp_path / "new"), *limit]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        until = time.monotonic() + PATIENCE
        while not list(tmp_path.rglob("*.deb")):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "new").exists()
    for name in (lab.dirty, lab.debian13):
        # Its apt may still be at it.
        away = "until rm -rf /tmp/rackwright-bundle.*; do sleep 0.2; done"
        lab.root(name, f"timeout 60 sh -c '{away}'")


def test_a_dry_run_shows_what_the_bundle_brings(shown: Ran) -> None:
    assert shown.code == 0, shown.output
    assert "Traceback" not in shown.output
    assert "docker-ce: not installed -> 5:26.1.5-1~debian.13~trixie" in shown.output
    assert "debian:12: absent -> loaded from " in shown.output
    assert "2 hosts: 2 would change" in shown.output


def test_hosts_without_a_network_become_docker_hosts(lab: Lab, bundle: Path, deployed: Ran) -> None:
    assert deployed.code == 0, deployed.output
    assert f"note: Docker's packages come from the bundle {bundle}" in deployed.output
    assert "2 hosts: 2 changed" in deployed.output
    ids = read_archive(bundle / "images" / "debian:12-amd64.tar").ids
    for name in (lab.dirty, lab.debian13):
        assert {"hello-world:latest", "debian:12"} <= set(
            lab.root(name, "docker image ls --format '{{.Repository}}:{{.Tag}}'").split()
        )
        assert "12" in lab.root(name, "docker run --rm debian:12 cat /etc/os-release")
        assert lab.root(name, "docker image inspect -f '{{.Id}}' debian:12").strip() in ids
        assert lab.root(name, "docker version -f {{.Server.Version}}").startswith("26.1.5")
        lab.root(name, "! test -e /var/lib/rackwright/bundle")
        said = lab.login(name, "alice", "docker", "run", "--rm", "hello-world")
        assert "Hello from Docker!" in said.output


def test_the_second_run_changes_nothing_with_one_command_per_host(
    lab: Lab, bundle: Path, deployed: Ran
) -> None:
    for name in (lab.dirty, lab.debian13):
        counter.start(name)
    again = deploy(lab, bundle)
    assert [counter.stop(name) for name in (lab.dirty, lab.debian13)] == [1, 1]
    assert again.code == 0, again.output
    assert "2 hosts: 2 unchanged; nothing was changed." in again.output


def test_a_release_that_the_bundle_does_not_have_is_refused(lab: Lab, bundle: Path) -> None:
    before = lab.fingerprint(lab.ubuntu)
    ran = deploy(lab, bundle, lab.ubuntu)
    assert ran.code == 1
    assert f"{bundle} has no docker-ce, docker-ce-cli," in ran.output
    assert "for ubuntu/noble/amd64 (stable/latest); run `rackwright bundle`" in ran.output
    assert lab.fingerprint(lab.ubuntu) == before


def test_a_version_that_the_bundle_does_not_have_is_refused(lab: Lab, bundle: Path) -> None:
    wanted = {name: {**each, "docker_version": "20.10"} for name, each in data(lab, bundle).items()}
    ran = lab.deploy(limit=[lab.debian13], data=wanted)
    assert ran.code == 1
    assert f"docker_version: stable/20.10 is wanted, {bundle} was made for stable" in ran.output


def test_a_damaged_bundle_is_refused_and_a_damaged_upload_made_good(
    lab: Lab, bundle: Path, deployed: Ran
) -> None:
    lab.root(lab.debian13, f"apt-mark unhold {PLUGIN}; apt-get purge -qy {PLUGIN}")
    (file,) = (bundle / "debian-trixie-amd64").glob(f"{PLUGIN}_*.deb")
    content = file.read_bytes()
    file.write_bytes(content + b"!")
    refused = deploy(lab, bundle, lab.debian13)
    file.write_bytes(content)
    assert refused.code == 1
    assert f"is damaged: debian-trixie-amd64/{file.name}; make it again" in refused.output
    lab.root(
        lab.debian13,
        "install -d /var/lib/rackwright/bundle; "
        f"echo half > /var/lib/rackwright/bundle/{file.name}",
    )
    ran = deploy(lab, bundle, lab.debian13)
    assert ran.code == 0, ran.output
    assert lab.inspect(lab.debian13).package(PLUGIN).is_installed


def test_the_older_engine_on_a_host_identified_as_ubuntu(
    lab: Lab, limit: list[str], tmp_path: Path
) -> None:
    name, old = lab.ubuntu, {**IMAGES, "docker_version": "20.10"}
    made = lab.rackwright(
        *("bundle", str(lab.inventory({name: old})), "-o", str(tmp_path / "old")),
        *("--limit", name),
    )
    assert made.code == 0, made.output
    with cut_off(lab, name):
        offline = {**data(lab, tmp_path / "old")[name], **old}
        ran = lab.deploy(limit=[name], data={name: offline})
        assert ran.code == 0, ran.output
        assert lab.root(name, "docker version -f {{.Server.Version}}").startswith("20.10")
        assert "Hello from Docker!" in lab.root(name, "docker run --rm hello-world")
        assert "12" in lab.root(name, "docker run --rm debian:12 cat /etc/os-release")
        counter.start(name)
        again = lab.deploy(limit=[name], data={name: offline})
        assert counter.stop(name) == 1
        assert "1 host: 1 unchanged; nothing was changed." in again.output
