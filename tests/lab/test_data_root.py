"""docker_data_root: Docker's data at another place, and never left behind unasked.

The place is a file system of its own, as on real servers. On `debian13`, Docker keeps its images in
containerd, as Engine 29 does; on `ubuntu` it does not.
"""

from typing import Any

import pytest

from lab import counter
from tests.lab.fleet import Lab, Ran

DISK = "mkdir -p /data && mount -t tmpfs tmpfs /data"
ROOT: dict[str, Any] = {"docker_data_root": "/data/docker"}
MAY: dict[str, Any] = {"docker_allow_data_root_change": True}
PROCESS = "tr '\\0' ' ' </proc/$(systemctl show -p MainPID --value {unit})/cmdline"


def deploy(lab: Lab, name: str, flag: str = "-y", **data: Any) -> Ran:
    """A run on one host; on `debian13` with images in containerd."""
    if name == lab.debian13:
        # Engine 26.1 forgets that a mirror is on http when its images are in containerd.
        data["docker_insecure_registries"] = [lab.services["mirror"].removeprefix("http://")]
        data["docker_daemon"] = {"features": {"containerd-snapshotter": True}}
    return lab.deploy(flag, limit=[name], data={name: data})


def roots(lab: Lab, name: str) -> tuple[str, str]:
    """Where Docker and containerd really keep their data: the one says it, the other has a flag."""
    docker = lab.root(name, "docker info -f '{{.DockerRootDir}}'").strip()
    containerd = lab.root(name, PROCESS.format(unit="containerd"))
    return docker, containerd.partition("--root ")[2].strip() or "/var/lib/containerd"


@pytest.fixture(scope="module")
def ready(lab: Lab) -> Ran:
    """A bare host whose Docker gets its data root in the first run."""
    lab.reset(lab.debian13)
    lab.root(lab.debian13, DISK)
    ran = deploy(lab, lab.debian13, **ROOT)
    assert ran.code == 0, ran.output
    return ran


@pytest.fixture(scope="module")
def graph_driver(lab: Lab) -> str:
    """A host whose Docker keeps its images itself, at the usual place."""
    lab.reset(lab.ubuntu)
    lab.root(lab.ubuntu, DISK)
    ran = deploy(lab, lab.ubuntu)
    assert ran.code == 0, ran.output
    name: str = lab.ubuntu
    return name


def test_a_bare_host_keeps_all_its_data_there(lab: Lab, ready: Ran) -> None:
    assert roots(lab, lab.debian13) == ("/data/docker", "/data/docker/containerd")
    lab.root(lab.debian13, "docker run -d --name app --restart always debian:12 sleep 1000000")
    lab.root(lab.debian13, "docker volume create kept")
    blobs = "find /data/docker/containerd/*.content.*/blobs -type f"
    assert lab.root(lab.debian13, f"docker info -f '{{{{.Driver}}}}'; {blobs}").count("\n") > 3
    assert lab.root(lab.debian13, "ls -A /var/lib/docker /var/lib/containerd").split() == [
        "/var/lib/containerd:",
        "/var/lib/docker:",
    ]


def test_again_changes_nothing_with_one_command(lab: Lab, ready: Ran) -> None:
    counter.start(lab.debian13)
    again = deploy(lab, lab.debian13, **ROOT)
    assert counter.stop(lab.debian13) == 1
    assert "1 host: 1 unchanged" in again.output, again.output


@pytest.mark.parametrize("data", [{}, {"docker_data_root": "/data/other"}], ids=["out", "other"])
@pytest.mark.parametrize("flag", ["--dry", "-y"])
def test_data_is_never_left_behind_unasked(
    lab: Lab, ready: Ran, data: dict[str, str], flag: str
) -> None:
    process = "systemctl show -p MainPID docker"
    before = lab.fingerprint(lab.debian13), lab.root(lab.debian13, process)
    ran = deploy(lab, lab.debian13, flag, **data)
    assert ran.code == 1
    new = data.get("docker_data_root", "/var/lib/docker")
    assert (
        f"1 container, 1 volume and 2 images would stay behind in /data/docker, unseen from {new}; "
        "move them yourself, or set docker_allow_data_root_change"
    ) in " ".join(ran.output.split())
    assert (lab.fingerprint(lab.debian13), lab.root(lab.debian13, process)) == before


def test_with_the_word_docker_moves_and_the_old_data_stays(lab: Lab, ready: Ran) -> None:
    name = lab.debian13
    kept = "find /data/docker -type f ! -name '*.db' -exec sha256sum {} + | sort -k2"
    before = lab.root(name, kept)
    data = {**MAY, "docker_data_root": "/data/other"}
    refused = deploy(lab, name, **data, docker_allow_container_stop=False)
    assert "this would stop the running container app" in refused.output, refused.output
    ran = deploy(lab, name, **data)
    assert ran.code == 0, ran.output
    assert roots(lab, name) == ("/data/other", "/data/other/containerd")
    assert lab.root(name, "docker ps -aq; docker volume ls -q") == ""
    lost = set(before.splitlines()) - set(lab.root(name, kept).splitlines())
    assert not [line for line in lost if "/content." in line or "/volumes/" in line]
    ran = deploy(lab, name, **MAY, **ROOT)
    assert ran.code == 0, ran.output
    assert "kept" in lab.root(name, "docker volume ls -q")
    assert lab.root(name, "docker start app && docker ps --format '{{.Names}}'") == "app\napp\n"


def test_a_pending_move_is_one_of_containerd_too(lab: Lab, ready: Ran) -> None:
    name = lab.debian13
    ran = deploy(lab, name, **MAY, docker_restart="never", docker_data_root="/data/later")
    assert ran.code == 0, ran.output
    assert roots(lab, name) == ("/data/docker", "/data/docker/containerd")
    data = {**MAY, "docker_data_root": "/data/later"}
    refused = deploy(lab, name, **data, docker_allow_container_stop=False)
    assert "this would stop the running container app" in refused.output, refused.output
    ran = deploy(lab, name, **data)
    assert ran.code == 0, ran.output
    assert roots(lab, name) == ("/data/later", "/data/later/containerd")
    ran = deploy(lab, name, **MAY, **ROOT)
    assert ran.code == 0, ran.output


def test_a_place_that_cannot_be_used_is_given_up(lab: Lab, ready: Ran) -> None:
    name = lab.debian13
    lab.root(name, "touch /data/file; docker start app")
    ran = deploy(lab, name, **MAY, docker_data_root="/data/file")
    assert ran.code == 1
    assert "the configuration from before is in force again" in " ".join(ran.output.split())
    assert roots(lab, name) == ("/data/docker", "/data/docker/containerd")
    assert lab.root(name, "docker ps --format '{{.Names}}'") == "app\n"
    assert "1 host: 1 unchanged" in deploy(lab, name, **ROOT).output


def test_a_stopped_docker_is_not_moved_unasked(lab: Lab, ready: Ran) -> None:
    name = lab.debian13
    lab.root(name, "systemctl stop docker.socket docker")
    ran = deploy(lab, name, docker_data_root="/data/other")
    assert ran.code == 1
    sentence = "Docker does not run, so what would stay behind in /data/docker is not known"
    assert sentence in " ".join(ran.output.split())
    ran = deploy(lab, name, **ROOT)
    assert ran.code == 0, ran.output


def test_a_purge_takes_all_of_it(lab: Lab, ready: Ran) -> None:
    name = lab.debian13
    words = ("tasks.purge.purge", "data=true", "stop_containers=true", "--limit", name)
    ran = lab.pyinfra("-y", str(lab.inventory({name: ROOT})), *words)
    assert ran.code == 0, ran.output
    # dockerd makes the folder a mount of its own where it is not a shared one.
    assert lab.root(name, "ls -A /data/docker || true") == ""
    assert not lab.inspect(name).file("/etc/systemd/system/containerd.service.d").exists


def test_a_place_by_a_link_and_with_remapped_users(lab: Lab, graph_driver: str) -> None:
    lab.root(graph_driver, "ln -s /data /disk")
    data: dict[str, Any] = {
        "docker_data_root": "/disk/docker",
        "docker_daemon": {"userns-remap": "default"},
    }
    ran = deploy(lab, graph_driver, **data, **MAY)
    assert ran.code == 0, ran.output
    assert roots(lab, graph_driver)[0].startswith("/data/docker/")
    assert "1 host: 1 unchanged" in deploy(lab, graph_driver, **data).output
