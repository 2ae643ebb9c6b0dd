"""What is imported before the first host is connected to, in a Python of its own."""

import subprocess
import sys

SCRIPT = """
import sys
from rackwright.laptop.patches import patch

patch()
import gevent
import rackwright.converging
from rackwright.pace.meanwhile import LOOKS, PLANS, import_meanwhile

print(*({*LOOKS, *PLANS, "rich", "rackwright.look"} & set(sys.modules)))
looks = gevent.spawn(import_meanwhile, LOOKS)
host = gevent.spawn(lambda: print("a host", "rackwright.look.observed" in sys.modules))
gevent.joinall([looks, host], raise_error=True)
print(*(set(PLANS) & set(sys.modules)))
gevent.spawn(import_meanwhile, PLANS).get()
print({*LOOKS, *PLANS} <= set(sys.modules))
"""


def test_what_waits_for_an_answer_is_imported_once_every_host_is_waited_for() -> None:
    said = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert said.stdout.splitlines() == ["", "a host False", "", "True"], said.stdout + said.stderr
