"""The stand-in for nvidia-smi prints what the real one does; compared with recorded answers."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from lab.gpu import cards, hardware

RECORDED = Path(__file__).parents[1] / "recorded" / "nvidia-smi"
VERSION = "580.105.08"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The state of a host with an A100 whose driver is loaded, and has two MIG devices."""
    profile = cards.parse("a100x1")
    assert profile
    files = dict(hardware.state(profile))
    files |= {f"bin/{each.name}": each.read_bytes() for each in hardware.scripts()}
    files |= {"kernel/loaded": VERSION.encode(), "kernel/persistence": b"", "dev/nvidia0": b""}
    files |= {"kernel/mig/0": b"1 9 3g.20gb 0\n2 19 1g.5gb 0\n"}
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / "mode").mkdir()
    return tmp_path


def smi(root: Path, *words: str, version: str = VERSION) -> tuple[int, str]:
    """Exit code and output of nvidia-smi of that version."""
    done = subprocess.run(
        ["sh", "-c", f'version={version} cuda=13.0; . "$LAB_GPU/bin/smi.sh"', "nvidia-smi", *words],
        env={"PATH": os.environ["PATH"], "LAB_GPU": str(root), "LAB_DEV": str(root / "dev")},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


def recorded(name: str) -> str:
    return (RECORDED / f"{name}.txt").read_text()


def with_mig(root: Path) -> None:
    (root / "mode" / "0.mig").write_text("1\n")


def test_without_arguments_it_prints_its_table(root: Path) -> None:
    code, said = smi(root)
    assert code == 0
    # Its first line is the time.
    assert said.partition("\n")[2].startswith(recorded("banner"))


def test_a_query_has_the_real_headings_units_and_words(root: Path) -> None:
    with_mig(root)
    heading = recorded("query").splitlines()[0]
    fields = re.sub(r" \[\w+\]", "", heading).replace(", ", ",")
    assert smi(root, f"--query-gpu={fields}", "--format=csv") == (0, recorded("query"))


def test_a_list_shows_mig_devices(root: Path) -> None:
    code, said = smi(root, "-L")
    assert code == 0
    without_ids = re.compile(r"-[0-9a-f-]+\)")
    assert without_ids.sub("-)", said) == without_ids.sub("-)", recorded("list"))


def test_instances_are_listed_in_the_real_form(root: Path) -> None:
    with_mig(root)
    assert smi(root, "mig", "-lgi") == (0, recorded("instances"))


def test_profiles_are_listed_in_the_real_form(root: Path) -> None:
    with_mig(root)
    (root / "kernel/mig/0").write_text("")
    code, said = smi(root, "mig", "-lgip")
    memory = re.compile(r"4\.75|5\.00")
    assert code == 0
    assert memory.sub("size", said).startswith(memory.sub("size", recorded("profiles")))


def test_it_refuses_in_the_real_words_and_with_the_real_codes(root: Path) -> None:
    code, said = smi(root, "-L", version="570.172.08")
    assert code == 18
    assert said.startswith("Failed to initialize NVML: Driver/library version mismatch\n")
    assert smi(root, "mig", "-lgi") == (6, "No MIG-enabled devices found.\n")
    code, said = smi(root, "--query-gpu=size", "--format=csv")
    assert (code, said.splitlines()[0]) == (2, 'Field "size" is not a valid field to query.')
    (root / "kernel/loaded").unlink()
    code, said = smi(root)
    assert code == 9
    assert "couldn't communicate with the NVIDIA driver" in said


def test_a_lost_card_is_left_out(root: Path) -> None:
    with (root / "card/0").open("ab") as file:
        file.write(hardware.assignments({"lost": True}))
    assert smi(root, "-L") == (6, "No devices were found\n")
