"""GPU servers with simulated GPUs: from bare to nvidia-smi in containers; no change breaks a job.

Everything that is not NVIDIA's is real.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import counter
from lab.gpu import host as simulated
from tests.lab.fleet import Lab, Ran
from tests.lab.gpus import NEW, OLD, Gpus

ADMINS = {"labels": ["owner=infra"], "features": {"buildkit": True}}
WAYS = (
    "--gpus=all",
    "--device=nvidia.com/gpu=all",
    "--runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=all",
)
SHARES = ["3g.20gb", "2g.10gb"]


@pytest.fixture(scope="module")
def gpus(lab: Lab) -> Iterator[Gpus]:
    """The hosts, bare; the GPU servers have a daemon.json of the admin's."""
    made = Gpus(lab)
    made.reset()
    lab.reset(made.none)
    for name in made.all:
        lab.root(
            name, f"mkdir -p /etc/docker; echo '{json.dumps(ADMINS)}' >/etc/docker/daemon.json"
        )
    yield made
    made.take_out()


@pytest.fixture(scope="module")
def applied(gpus: Gpus) -> Ran:
    """The first run, on servers with and without GPUs; nobody allowed a reboot."""
    return gpus.deploy(gpus.a100, gpus.t4, gpus.none)


@pytest.fixture(scope="module")
def rebooted(gpus: Gpus, applied: Ran) -> Ran:
    """The second run, where a reboot is allowed."""
    return gpus.deploy(gpus.t4, gpu_allow_reboot=True)


def containers_see_all(gpus: Gpus, name: str) -> None:
    there = gpus.lab.root(name, "nvidia-smi -L")
    assert there.startswith("GPU 0: ")
    for way in WAYS:
        said = gpus.lab.root(name, f"docker run --rm {way} ubuntu:24.04 nvidia-smi -L")
        assert said == there, way


def test_a_bare_gpu_server_comes_to_nvidia_smi_in_containers_every_way(
    gpus: Gpus, applied: Ran
) -> None:
    assert applied.code == 0, applied.output
    assert gpus.smi(gpus.a100, "driver_version,persistence_mode") == [f"{OLD}, Enabled"] * 2
    containers_see_all(gpus, gpus.a100)


def test_fabric_manager_runs_where_there_are_nvswitches(gpus: Gpus, applied: Ran) -> None:
    host = gpus.lab.inspect(gpus.a100)
    assert host.package("nvidia-fabricmanager-570").version.startswith(OLD)
    assert host.service("nvidia-fabricmanager").is_running
    assert host.service("nvidia-fabricmanager").is_enabled
    assert not gpus.lab.inspect(gpus.t4).package("nvidia-fabricmanager-570").is_installed


def test_a_host_without_a_gpu_becomes_a_docker_host_in_the_same_run(
    gpus: Gpus, applied: Ran
) -> None:
    host = gpus.lab.inspect(gpus.none)
    assert host.package("docker-ce").is_installed
    assert host.run("ls /etc/apt/sources.list.d/*nvidia* /etc/cdi").stdout == ""
    assert "nvidia" not in host.file("/etc/docker/daemon.json").content_string


@pytest.mark.parametrize("kind", ["a100", "t4"])
def test_keys_of_the_admin_stay_beside_ours(gpus: Gpus, applied: Ran, kind: str) -> None:
    path = "/etc/docker/daemon.json"
    found = json.loads(gpus.lab.root(getattr(gpus, kind), f"cat {path}"))
    assert found["labels"] == ADMINS["labels"]
    assert found["features"] == {"buildkit": True, "cdi": True}
    assert found["runtimes"]["nvidia"]["path"] == "nvidia-container-runtime"
    assert gpus.lab.root(getattr(gpus, kind), "cat /lab/gpu/refused || true") == ""


def test_driver_toolkit_and_kernel_are_on_hold_as_one_set(gpus: Gpus, applied: Ran) -> None:
    held = gpus.lab.root(gpus.a100, "apt-mark showhold").split()
    wanted = {"nvidia-smi", "nvidia-container-toolkit", "libnvidia-container1", "cuda-drivers-570"}
    assert wanted <= set(held)
    assert any(name.startswith("linux-image-") for name in held)


def test_a_reboot_that_nobody_allowed_is_pending(gpus: Gpus, applied: Ran) -> None:
    assert "a reboot is pending (nouveau has the GPUs until then)" in applied.output
    assert gpus.lab.root(gpus.t4, "nvidia-smi 2>&1 || true").startswith("NVIDIA-SMI has failed")


def test_an_allowed_one_is_done_waited_for_and_checked(
    gpus: Gpus, applied: Ran, rebooted: Ran
) -> None:
    assert rebooted.code == 0, rebooted.output
    assert gpus.smi(gpus.t4, "driver_version") == [OLD]
    assert gpus.lab.root(gpus.t4, "ls /sys/module").split().count("nouveau") == 0
    containers_see_all(gpus, gpus.t4)


def test_the_second_run_is_one_remote_command_on_every_host(gpus: Gpus, rebooted: Ran) -> None:
    names = (gpus.a100, gpus.t4, gpus.none)
    for name in names:
        counter.start(name)
    # The first run pulled gpu_image for its check; a prune that took it would be a change.
    ran = gpus.deploy(*names, docker_prune={"unused": True})
    assert [counter.stop(name) for name in names] == [1, 1, 1]
    assert "3 hosts: 3 unchanged; nothing was changed." in ran.output, ran.output


def test_a_container_of_the_settings_and_a_one_off_one_see_the_gpus(
    gpus: Gpus, rebooted: Ran
) -> None:
    there = gpus.lab.root(gpus.t4, "nvidia-smi -L")
    assert there.startswith("GPU 0: ")
    look = "nvidia-smi -L; exec sleep 1000"
    train = {"image": "ubuntu:24.04", "command": ["sh", "-c", look], "gpus": "all", "wait": 5}
    data: dict[str, Any] = {"docker_containers": {"train": train}, "docker_prune": {"unused": True}}
    ran = gpus.deploy(gpus.t4, **data)
    assert ran.code == 0, ran.output
    assert gpus.lab.root(gpus.t4, "docker logs train") == there
    counter.start(gpus.t4)
    again = gpus.deploy(gpus.t4, **data)
    assert counter.stop(gpus.t4) == 1
    assert "1 host: 1 unchanged" in again.output, again.output
    inventory = str(gpus.lab.inventory({gpus.t4: gpus.settings()}))
    words = ("run", inventory, "--limit", gpus.t4, "--gpus", "all")
    once = gpus.lab.rackwright(*words, "ubuntu:24.04", "--", "nvidia-smi", "-L")
    assert once.code == 0, once.output
    assert f"{gpus.t4} | {there.splitlines()[0]}\n" in once.output
    gpus.lab.root(gpus.t4, "docker rm -f train")


def test_mig_is_applied_and_the_cdi_names_are_refreshed(gpus: Gpus, rebooted: Ran) -> None:
    wanted = {"0": SHARES, "1": []}
    ran = gpus.deploy(gpus.a100, gpu_mig=wanted)
    assert ran.code == 0, ran.output
    listed = gpus.lab.root(gpus.a100, "nvidia-smi -L")
    assert [line.split()[1] for line in listed.splitlines() if "MIG" in line[:6]] == SHARES
    names = gpus.lab.root(gpus.a100, "nvidia-ctk cdi list 2>/dev/null").split()
    assert {"nvidia.com/gpu=0:0", "nvidia.com/gpu=0:1", "nvidia.com/gpu=1"} <= set(names)
    counter.start(gpus.a100)
    again = gpus.deploy(gpus.a100, gpu_mig=wanted)
    assert counter.stop(gpus.a100) == 1
    assert "1 host: 1 unchanged" in again.output, again.output


def test_a_host_whose_gpus_compute_is_left_alone_and_named(gpus: Gpus, rebooted: Ran) -> None:
    gpus.start_job(gpus.a100)
    started, before = gpus.job_started(gpus.a100), gpus.lab.fingerprint(gpus.a100)
    boot = gpus.boot(gpus.a100)
    ran = gpus.deploy(gpus.a100, gpu_driver=NEW, gpu_allow_reboot=True)
    assert ran.code != 0, ran.output
    assert "GPU 0: sh (" in ran.output
    assert "of root in the container train (nvidia runtime)" in ran.output
    assert gpus.lab.fingerprint(gpus.a100) == before
    assert (gpus.job_started(gpus.a100), gpus.boot(gpus.a100)) == (started, boot)
    gpus.lab.root(gpus.a100, "docker rm -f train")


def test_a_fabric_manager_of_another_version_is_healed(gpus: Gpus, rebooted: Ran) -> None:
    name = "nvidia-fabricmanager-570"
    install = f"apt-get install -qy --allow-change-held-packages --allow-downgrades {name}={NEW}-1"
    gpus.lab.root(gpus.a100, f"rm /etc/apt/preferences.d/rackwright-nvidia; {install}")
    gpus.lab.root(gpus.a100, "! systemctl restart nvidia-fabricmanager")
    ran = gpus.deploy(gpus.a100)
    assert ran.code == 0, ran.output
    host = gpus.lab.inspect(gpus.a100)
    assert host.package(name).version.startswith(OLD)
    assert host.service("nvidia-fabricmanager").is_running


def test_the_doctor_names_what_is_wrong_with_a_card(gpus: Gpus, rebooted: Ran) -> None:
    simulated.set_card(gpus.a100, 0, throttle="hw_thermal_slowdown", ecc_uncorrected=2)
    data = {name: gpus.settings(gpu_driver="keep") for name in (gpus.a100, gpus.t4, gpus.none)}
    ran = gpus.lab.rackwright("gpu", str(gpus.lab.inventory(data)), "--json")
    simulated.set_card(gpus.a100, 0, throttle="", ecc_uncorrected=0)
    assert "GPU 0 had 2 uncorrected ECC errors" in ran.output
    assert "GPU 0 is throttled" in ran.output
    assert gpus.none in ran.output


# A task after which a (simulated) card is not what it was.
WEARS = """
from pyinfra import host
from pyinfra.operations import python

from lab.gpu.host import set_card

python.call(name="a card wears", function=lambda: set_card(host.name, 0, ecc_uncorrected=2))
"""


def test_a_wave_that_costs_a_card_is_the_last(gpus: Gpus, rebooted: Ran, tmp_path: Path) -> None:
    task = tmp_path / "wears.py"
    task.write_text(WEARS)
    data = {name: gpus.settings(gpu_driver="keep") for name in gpus.all}
    words = ("--task", str(task), "--waves", "1,100%", "--settle", "0", "--yes")
    limits = [word for name in gpus.all for word in ("--limit", name)]
    inventory = str(gpus.lab.inventory(data))
    ran = gpus.lab.rackwright("rollout", inventory, *words, *limits, "--report", str(tmp_path))
    simulated.set_card(gpus.a100, 0, ecc_uncorrected=0)
    assert ran.code == 3, ran.output
    assert "GPU 0 had 2 uncorrected ECC errors" in ran.output
    assert f"stands at wave 1 of 2: {gpus.a100} failed, 1 untouched" in ran.output


def test_a_driver_change_on_an_idle_host_ends_with_its_reboot(gpus: Gpus, rebooted: Ran) -> None:
    boot = gpus.boot(gpus.a100)
    # The reboot takes the MIG devices away, which were there before.
    wanted = {"0": SHARES, "1": []}
    ran = gpus.deploy(gpus.a100, gpu_driver=NEW, gpu_allow_reboot=True, gpu_mig=wanted)
    assert ran.code == 0, ran.output
    assert gpus.boot(gpus.a100) != boot
    assert gpus.smi(gpus.a100, "driver_version") == [NEW] * 2
    listed = gpus.lab.root(gpus.a100, "nvidia-smi -L")
    assert [line.split()[1] for line in listed.splitlines() if "MIG" in line[:6]] == SHARES
    assert gpus.lab.inspect(gpus.a100).service("nvidia-fabricmanager").is_running
    containers_see_all(gpus, gpus.a100)
