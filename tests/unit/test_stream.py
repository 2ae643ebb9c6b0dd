"""What comes and goes over an SSH connection; over_ssh.py has the scenes."""

import subprocess
import sys
from typing import Final

import pytest

SCENES: Final = {
    "killed": "done\n",
    "whole": "3\n5000000 bytes and a word\n",
    "full": "no space\nno space\nno such disk\nno space\n",
    "frozen": "closed\n",
    "torn": "-1 b'the first half'\n",
}


@pytest.mark.parametrize("scene", SCENES)
def test_bytes_over_a_connection_and_nothing_said_beside_them(scene: str) -> None:
    words = [sys.executable, "-m", "tests.unit.over_ssh", scene]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert (ended.stdout, ended.stderr) == (SCENES[scene], "")
