"""What goes wrong with GPU servers ends in one clear error with its remedy. GPUs are simulated."""

from collections.abc import Iterator
from typing import Any

import pytest

from lab.gpu import host as simulated
from lab.gpu import kernels
from tests.lab.fleet import Lab, Ran
from tests.lab.gpus import NEW, OLD, Gpus


@pytest.fixture(scope="module")
def gpus(lab: Lab) -> Iterator[Gpus]:
    """One GPU server with a driver; without the toolkit, which has no part in these failures."""
    made = Gpus(lab)
    made.reset(made.t4, kind="t4x1")
    ran = deploy(made)
    assert ran.code == 0, ran.output
    yield made
    made.take_out()


def deploy(gpus: Gpus, **more: Any) -> Ran:
    return gpus.deploy(gpus.t4, gpu_toolkit_version=None, **more)


def error(ran: Ran) -> str:
    """The detail of the one host that failed, as the last table has it, on one line."""
    assert ran.code != 0, ran.output
    table = ran.output.rpartition("outcome")[2]
    cells = (line.split("│") for line in table.splitlines() if line.startswith("│"))
    return " ".join(cell[-2].strip() for cell in cells)


def test_another_key_than_nvidias(gpus: Gpus) -> None:
    said = error(deploy(gpus, gpu_repo_url=gpus.lab.services["wrong_key_cuda_repo_url"]))
    assert "has the fingerprint" in said
    assert gpus.lab.services["cuda_key_fingerprint"] in said
    assert gpus.smi(gpus.t4, "driver_version") == [OLD]


def test_a_repository_out_of_reach(gpus: Gpus) -> None:
    dead = gpus.lab.services["dead"]
    said = error(deploy(gpus, gpu_repo_url=f"{dead}/compute/cuda/repos"))
    assert f"cannot fetch NVIDIA's CUDA key from {dead}" in said


def test_fewer_gpus_than_there_have_to_be(gpus: Gpus) -> None:
    said = error(deploy(gpus, gpu_count=2))
    assert "1 GPU" in said
    assert "gpu_count is 2" in said
    assert "Xid" in said


def test_secure_boot_refuses_a_module_with_an_unknown_key(gpus: Gpus) -> None:
    simulated.set_machine(gpus.t4, secure_boot=True)
    try:
        said = error(deploy(gpus, gpu_driver=NEW))
    finally:
        simulated.set_machine(gpus.t4, secure_boot=False)
    assert "Secure Boot is on" in said
    assert "mokutil --import" in said
    assert gpus.smi(gpus.t4, "driver_version") == [OLD]


def test_a_module_that_does_not_compile(gpus: Gpus) -> None:
    simulated.set_machine(gpus.t4, dkms_fails=True)
    said = error(deploy(gpus, gpu_driver=NEW))
    assert "DKMS could not build the driver's module" in said
    assert "fatal error: linux/lab.h" in said
    assert "choose a gpu_driver that supports this kernel" in said


def test_the_next_run_brings_home_what_did_not_compile(gpus: Gpus) -> None:
    simulated.set_machine(gpus.t4, dkms_fails=False)
    ran = deploy(gpus, gpu_driver=NEW)
    assert ran.code == 0, ran.output
    assert "a reboot is pending" in ran.output
    assert f"nvidia/{NEW}" in gpus.lab.root(gpus.t4, "dkms status")


def test_a_next_kernel_without_headers(gpus: Gpus) -> None:
    kernel = kernels.later(kernels.running(), 2)
    gpus.lab.root(gpus.t4, f"apt-get install -qy linux-image-{kernel}")
    said = error(deploy(gpus, gpu_driver=NEW))
    assert f"apt cannot install linux-headers-{kernel}" in said
    assert "boot a kernel whose headers apt has" in said
