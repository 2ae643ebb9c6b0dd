"""What comes and goes over an SSH connection; over_ssh.py has the scenes."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parents[2]
SCENES: Final = {
    "killed": "done\n",
    "whole": "3\n5000000 bytes and a word\n",
    "full": "no space\nno space\nno such disk\nno space\n",
    "frozen": "closed\n",
    "hasty": "0 b'all of it'\n",
    "torn": "-1 b'the first half'\n",
}


@pytest.mark.parametrize("scene", SCENES)
def test_bytes_over_a_connection_and_nothing_said_beside_them(scene: str) -> None:
    words = [sys.executable, "-m", "tests.unit.over_ssh", scene]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (ended.stdout, ended.stderr) == (SCENES[scene], "")
