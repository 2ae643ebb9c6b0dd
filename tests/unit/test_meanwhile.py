"""What is imported before the first host is connected to, in a Python of its own."""

import subprocess
import sys

SCRIPT = """
import sys
from rackwright.laptop.patches import patch

patch()
import gevent
import rackwright.converging
from rackwright.pace.meanwhile import LATER, import_meanwhile

print(*({*LATER, "rich", "rackwright.plan", "rackwright.exact_plan"} & set(sys.modules)))
imports = gevent.spawn(import_meanwhile)
host = gevent.spawn(lambda: print("a host", "rackwright.look.observed" in sys.modules))
gevent.joinall([imports, host], raise_error=True)
print(set(LATER) <= set(sys.modules))
"""


def test_what_waits_for_an_answer_is_imported_once_every_host_is_waited_for() -> None:
    said = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert said.stdout.splitlines() == ["", "a host False", "True"], said.stdout + said.stderr
