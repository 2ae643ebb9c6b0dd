"""gevent's patches and ours, in a Python of their own: those of the tests are not patched."""

import subprocess
import sys
from pathlib import Path

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


OURS = "from rackwright.laptop.patches import patch; patch(); import rackwright.converging"
PYINFRA_S = """
import pyinfra_cli, pyinfra, runpy
import pyinfra.connectors.ssh
pyinfra.is_cli = True
runpy.run_path("config.py")
"""
MATCH = """
import sys
from paramiko import SSHConfig

config = SSHConfig.from_path(sys.argv[1])
print(*(config.lookup(name).get("port") for name in ("near", "far", "else")))
"""
CONFIG = r"""
Match exec "echo asked >&2; echo; test %h = near"
  Port 77
Match exec "\"test\" %h = \"far\""
  Port 78
"""


@pytest.mark.parametrize("first", [OURS, PYINFRA_S])
def test_match_exec_runs_a_command_as_openssh_does(first: str, tmp_path: Path) -> None:
    """Its standard output is dropped, its standard error is not."""
    config = tmp_path / "config"
    config.write_text(CONFIG)
    words = [sys.executable, "-c", first + MATCH, str(config)]
    said = subprocess.run(words, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["77", "78", "None"]
    assert "asked" in said.stderr.splitlines()


def test_invoke_is_not_read_at_every_start_and_there_for_who_wants_it() -> None:
    script = (
        f"import sys; {OURS}; print('invoke.context' in sys.modules); "
        "from invoke import task; print('invoke.context' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert said.stdout.split() == ["False", "True"], said.stderr
