"""The lab of the tests: brought up once, taken down at the end (KEEP_LAB=1 leaves it)."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.lab.fleet import DISTROS, ROOT, Lab


def lab_command(*words: str) -> None:
    """Run `python -m lab` with these words."""
    subprocess.run([sys.executable, "-m", "lab", *words], cwd=ROOT, check=True, timeout=900)


def bring_up() -> None:
    """Three hosts, one of each kind, the first one dirty."""
    lab_command("up", "--hosts", "3", "--distros", DISTROS, "--dirty")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The hosts of bring_up."""
    bring_up()
    try:
        yield Lab(tmp_path_factory.mktemp("lab"))
    finally:
        if not os.environ.get("KEEP_LAB"):
            lab_command("down")
