"""gevent's patches, in a Python of their own: those of the tests are not patched."""

import subprocess
import sys

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
