"""gevent's patches and ours, in a Python of their own: those of the tests are not patched."""

import subprocess
import sys

import pytest

SCRIPT = """
from importlib import metadata
from rackwright.laptop.patches import patch

asked = []
before = metadata.entry_points
metadata.entry_points = lambda **words: asked.append(words) or before(**words)
mine = metadata.entry_points
patch()
from gevent import monkey
patched = [monkey.is_module_patched(name) for name in ("socket", "threading")]
print(len(asked), metadata.entry_points is mine, *patched)
"""


def test_they_are_in_and_packages_are_read_once() -> None:
    said = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["1", "True", "True", "True"], said.stdout + said.stderr


OURS = "from rackwright.laptop.patches import patch; patch()"
PYINFRA_S = """
import pyinfra_cli, pyinfra, runpy
import pyinfra.connectors.ssh
pyinfra.is_cli = True
runpy.run_path("config.py")
"""
MATCH = """
from paramiko import SSHConfig

config = SSHConfig.from_text('Match exec "echo asked >&2; test %h = near"\\n  Port 77\\n')
print(*(config.lookup(name).get("port") for name in ("near", "far")))
"""


@pytest.mark.parametrize("first", [OURS, PYINFRA_S])
def test_match_exec_runs_a_command_as_openssh_does(first: str) -> None:
    """Its standard output is dropped, its standard error is not."""
    said = subprocess.run(
        [sys.executable, "-c", first + MATCH], capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["77", "None"]
    assert "asked" in said.stderr.splitlines()


def test_invoke_is_not_read_at_every_start() -> None:
    script = f"import sys; {OURS}; import paramiko; print('invoke.context' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert said.stdout.split() == ["False"], said.stderr
