"""deploy.py on fake GPU hosts: exactly which commands would be run for their GPUs."""

import re
from pathlib import Path
from typing import Any

import pytest

from rackwright.gpu import DRIVER_SH, HOLDERS_SH, READY_SH
from rackwright.host.script import command, encoded
from rackwright.marks import HOLDS
from rackwright.packages.nvidia import SET_PATTERN, TOOLKIT_PACKAGES
from rackwright.packages.nvidia_sources import CUDA_KEYRING, CUDA_SOURCE
from rackwright.packages.patience import in_turn
from rackwright.steps.gpu_driver import PREFERENCES
from tests.plan.fleet import Ran, run
from tests.plan.test_deploy import BEGIN, WAIT, Source, answers, changing
from tests.plan.test_deploy import source as source
from tests.unit.test_observed import recorded

KERNELS = ("5.15.0-91-generic", "5.15.0-101-generic")
WITHOUT = ("gpu_app", "gpu_pid", "gpu_container")
DATA: dict[str, Any] = {"gpu_mig": {"1": ["7g.40gb"]}}
SWITCH = "gpu_pci 0000:c6"
NOBODY = command(READY_SH, "wait_for_jobs", "0", after=HOLDERS_SH)
HOLD_AGAIN = f"{command(DRIVER_SH, 'hold', HOLDS, SET_PATTERN)}; false"

LIFTED = ["libnvidia-nscq-570", "nvidia-fabricmanager-570"]
LIFTED += ["nvidia-headless-570-server-open", "nvidia-utils-570-server"]
PINNED = """\
# Written by Rackwright, which overwrites it.
Package: *nvidia* cuda-drivers* libcuda1 libnvidia* libxnvctrl*
Pin: version 580.95.05-*
Pin-Priority: 1001
"""


def dgx(source: Source, *without: str, held: bool = False) -> list[str]:
    """A converged host with the GPUs of a DGX but no NVSwitch, and without some lines.

    `held` puts the packages on hold by Rackwright.
    """
    gpus = [line for line in recorded("gpu-dgx") if not line.startswith((SWITCH, *without))]
    holds = []
    if held:
        gpus = [re.sub("^(gpu_package .*) ii$", r"\1 hi", line) for line in gpus]
        holds = [f"hold {line.split()[1]}" for line in gpus if line.startswith("gpu_package")]
    *converged, end = source.converged()
    return [*converged, *gpus, *holds, end]


def deploy(source: Source, first: list[str], second: list[str], *commands: str, **data: Any) -> Ran:
    """A run of deploy.py on a host that answers so."""
    host = answers(first, second, *commands)
    return run({**source.data, **DATA, **data, "fake_responses": host})


def test_a_gpu_host_that_is_right_is_looked_at_once(source: Source) -> None:
    ran = deploy(source, dgx(source), [], gpu_mig={}, gpu_count=2)
    assert (ran.operations, len(ran.commands), ran.failed) == ([], 1, False)


def test_mig_on_an_idle_gpu(source: Source) -> None:
    shows = command(READY_SH, "shows", "2")
    commands = [
        BEGIN,
        command(READY_SH, "mig", "1", "7g.40gb"),
        shows,
        "rm -f /var/lib/rackwright/unfinished",
    ]
    after = [
        line.replace("Disabled, Disabled", "Enabled, Enabled") for line in dgx(source, *WITHOUT)
    ]
    at = after.index(next(line for line in after if line.startswith("gpu_list GPU 1")))
    after.insert(at + 1, "gpu_list   MIG 7g.40gb    Device  0: (UUID: MIG-1)")
    ran = deploy(source, dgx(source, *WITHOUT), after, *commands)
    assert not ran.failed
    assert changing(ran) == commands


def test_a_busy_gpu_is_left_alone(source: Source) -> None:
    ran = deploy(source, dgx(source), [])
    assert ran.failed
    assert (ran.operations, len(ran.commands)) == ([], 1)


def test_a_busy_gpu_is_waited_for_before_anything_else(source: Source) -> None:
    ran = deploy(source, dgx(source), [], gpu_busy="wait", gpu_wait="10m")
    assert changing(ran) == [
        command(READY_SH, "wait_for_jobs", "600", "train", "infer", after=HOLDERS_SH)
    ]
    assert ran.failed  # the fake host has no such jobs; a host whose jobs stay fails here, too


def test_another_driver_with_a_reboot_that_nobody_allowed(source: Source) -> None:
    packages = ["nvidia-open-kernel-dkms", "nvidia-smi", "libcuda1", "nvidia-persistenced"]
    commands = [
        NOBODY,
        WAIT,
        BEGIN,
        in_turn(300, "apt-get update -q"),
        # A job may have started since the plan was made, and since the run began.
        NOBODY,
        in_turn(300, f"apt-mark unhold {' '.join(LIFTED)}"),
        f"{in_turn(300, command(DRIVER_SH, 'install', *packages))} || {{ {HOLD_AGAIN}; }}",
        command(DRIVER_SH, "loadable", *KERNELS),
        "mkdir -p /var/lib/rackwright",
        "chmod 644 /var/lib/rackwright/holds",
        in_turn(300, command(DRIVER_SH, "hold", HOLDS, SET_PATTERN)),
    ]
    first = dgx(source, *WITHOUT, held=True)
    ran = deploy(source, first, first, *commands, gpu_driver="distro", gpu_mig={})
    assert changing(ran)[: len(commands)] == commands
    # The second look of this fake host still has the old packages.
    assert ran.failed


def test_a_job_that_started_meanwhile_keeps_its_host_from_the_reboot(source: Source) -> None:
    first = [line.replace("570.86.15  Rel", "550.54.14  Rel") for line in dgx(source, *WITHOUT)]
    ran = deploy(source, first, [], NOBODY, BEGIN, gpu_mig={}, gpu_allow_reboot=True)
    at = ran.operations.index("GPUs | The host has rebooted")
    assert ran.operations[at - 1] == "GPUs | Nobody computes on the GPUs any more"
    assert ran.operations[0] == "Begin | Nobody computes on the GPUs any more"


def test_the_toolkit_comes_before_docker_looks_for_it(source: Source, tmp_path: Path) -> None:
    toolkit = [f"{name}=1.18.*" for name in TOOLKIT_PACKAGES]
    install = in_turn(300, command(DRIVER_SH, "install", *toolkit))
    (tmp_path / "gpgkey").write_text(str(source.key))
    ran = deploy(
        source,
        dgx(source, *WITHOUT),
        [],
        BEGIN,
        gpu_mig={},
        gpu_toolkit_version="1.18",
        gpu_toolkit_repo_url=source.url.removesuffix("/linux"),
        gpu_toolkit_key_fingerprint=source.key.fingerprint,
    )
    assert ran.failed  # at the trial of the repository, which no test server has
    names = ran.operations
    assert names.index("Toolkit | NVIDIA's Container Toolkit is installed") < names.index(
        "Daemon | The new daemon.json is at hand"
    )
    assert install not in ran.commands


def test_fabric_manager_is_simulated_with_the_driver_before_that_is_replaced(
    source: Source,
) -> None:
    url = f"{source.url}/cuda/repos"
    text = (
        f"Types: deb\nURIs: {url}/debian12/x86_64/\nSuites: /\nArchitectures: amd64\n"
        f"Signed-By: {CUDA_KEYRING}\n"
    )
    switches = [line for line in recorded("gpu-dgx") if line.startswith(SWITCH)]
    first = [
        *dgx(source, *WITHOUT, held=True)[:-1],
        *switches,
        f"gpu_source {CUDA_SOURCE} {encoded(text)}",
        f"gpu_file {CUDA_KEYRING} {encoded(str(source.key))}",
        f"gpu_file {PREFERENCES} {encoded(PINNED)}",
        dgx(source)[-1],
    ]
    ran = deploy(
        source,
        first,
        [],
        NOBODY,
        WAIT,
        BEGIN,
        in_turn(300, "apt-get update -q"),
        in_turn(300, f"apt-mark unhold {' '.join(LIFTED)}"),
        gpu_mig={},
        gpu_driver="580.95.05-open",
        gpu_repo_url=url,
        gpu_key_fingerprint=source.key.fingerprint,
    )
    assert ran.failed
    fabric = "nvidia-fabricmanager libnvidia-nscq"
    both = in_turn(300, command(DRIVER_SH, "together", fabric, "nvidia-open-580=580.95.05-*"))
    assert f"{both} || {{ {HOLD_AGAIN}; }}" in changing(ran)


@pytest.mark.parametrize("restart", ["never", "when-needed"])
def test_a_first_toolkit_is_written_down_as_a_pending_restart(
    source: Source, tmp_path: Path, restart: str
) -> None:
    (tmp_path / "gpgkey").write_text(str(source.key))
    without = [f"gpu_package {name}" for name in TOOLKIT_PACKAGES]
    ran = deploy(
        source,
        dgx(source, *WITHOUT, *without),
        [],
        gpu_mig={},
        gpu_toolkit_version="latest",
        gpu_toolkit_repo_url=source.url.removesuffix("/linux"),
        gpu_toolkit_key_fingerprint=source.key.fingerprint,
        docker_restart=restart,
    )
    assert "Toolkit | The host knows that Docker needs a restart" in ran.operations


def test_a_key_that_is_not_the_wanted_one_ends_it_before_it_began(
    source: Source, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("ERROR", logger="pyinfra")
    (tmp_path / "gpgkey").write_text(str(source.key))
    url = source.url.removesuffix("/linux")
    data = {"gpu_mig": {}, "gpu_toolkit_version": "latest", "gpu_toolkit_repo_url": url}
    ran = deploy(source, dgx(source, *WITHOUT), [], **data)
    assert ran.failed and ran.operations == []
    assert f"the key at {url}/gpgkey has the fingerprint" in caplog.text
    assert "set gpu_toolkit_key_fingerprint" in caplog.text
