"""What gpu.sh and ready.sh make of a nvidia-smi that gives no answer, with real processes.

The devices, the module and nvidia-smi are stand-ins below a folder.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rackwright.gpu import HOLDERS_SH, READY_SH
from rackwright.look.answer import values_by_key
from rackwright.look.gpu import Gpus
from rackwright.look.gpu_answer import parse_gpus
from rackwright.look.probe import GPU

MISMATCH = "Failed to initialize NVML: Driver/library version mismatch"
# Takes a name as its own, and has a device open until its input ends.
HOLDER = 'echo "$1" >/proc/$$/comm; exec 3<"$2"; echo ready; read -r _'
SMI = '#!/bin/sh\necho "$SAID"\nexit "$CODE"\n'


class Host:
    """A folder that the scripts take for the root of a host with a GPU and a loaded module."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.holders: list[subprocess.Popen[str]] = []
        for path, text in {
            "sys/bus/pci/devices/0000:07:00.0/vendor": "0x10de\n",
            "sys/bus/pci/devices/0000:07:00.0/class": "0x030200\n",
            "sys/bus/pci/devices/0000:07:00.0/device": "0x20b0\n",
            "proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX Kernel Module  570.86.15  x\n",
            "dev/nvidia0": "",
            "bin/nvidia-smi": SMI,
            # As coreutils' own, for a command that does not end in time.
            "bin/timeout": '#!/bin/sh\nshift\n[ "$CODE" != 124 ] || exit 124\nexec "$@"\n',
        }.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        for tool in (root / "bin").iterdir():
            tool.chmod(0o755)

    def open_device(self, name: str) -> str:
        """A process of this name opens the GPU's device; returns its number."""
        words = ["sh", "-c", HOLDER, "sh", name, str(self.root / "dev/nvidia0")]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.holders.append(process)
        assert process.stdout and process.stdout.readline() == "ready\n"
        return str(process.pid)

    def end(self) -> None:
        """Every process that holds the device ends."""
        for process in self.holders:
            process.communicate()

    def run(self, script: Path, *words: str, said: str, code: int) -> tuple[str, str]:
        """What the script prints and complains, where nvidia-smi says this and exits so."""
        text = HOLDERS_SH.read_text() + script.read_text()
        for path in ("/dev/nvidia", "/sys/bus/pci", "/proc/driver"):
            text = text.replace(path, f"{self.root}{path}")
        found = f"{self.root}/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        done = subprocess.run(
            ["sh", "-c", text.replace("PATH=", f"PATH={self.root}/bin:"), "sh", *words],
            env={"PATH": found, "SAID": said, "CODE": str(code)},
            capture_output=True,
            text=True,
        )
        return done.stdout, done.stderr

    def look(self, said: str, code: int) -> Gpus:
        """The host as the probe sees it."""
        printed, _ = self.run(GPU, said=said, code=code)
        return parse_gpus(values_by_key(printed.splitlines()))


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host whose GPU one job has open, beside a service that watches it."""
    host = Host(tmp_path)
    yield host
    host.end()


@pytest.mark.parametrize(("said", "code"), [(MISMATCH, 18), ("GPU is lost", 15), ("", 124)])
def test_whoever_has_the_devices_open_computes_where_nvidia_smi_gives_no_answer(
    host: Host, said: str, code: int
) -> None:
    host.open_device("nvidia-persiste")
    job = host.open_device("train, long")
    seen = host.look(said, code)
    assert seen.failed == (said or "no answer within 30 s")
    (process,) = seen.processes
    assert (process.gpu, process.pid, process.name) == ("?", job, "train, long")
    assert process.user != "?"
    _, complaint = host.run(READY_SH, "wait_for_jobs", "0", said=said, code=code)
    assert f"{job}, train, long" in complaint and "nvidia-persiste" not in complaint


def test_nobody_computes_where_only_services_have_them_open(host: Host) -> None:
    host.open_device("nvidia-persiste")
    assert host.look(MISMATCH, 18).processes == ()
    assert host.run(READY_SH, "wait_for_jobs", "0", said=MISMATCH, code=18) == ("", "")


def test_an_answer_of_nvidia_smi_is_believed(host: Host) -> None:
    host.open_device("Xorg")
    assert host.look("", 0).processes == ()
