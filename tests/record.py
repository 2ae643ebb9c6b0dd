"""Record a practice host: python -m tests.record HOST > tests/recorded/NAME.txt

HOST is a host of the lab that LAB_NAME names.
"""

import subprocess
import sys

from lab import hosts
from rackwright.look.probe import Probe, arguments
from rackwright.settings import parse_settings

if __name__ == "__main__":
    state = hosts.load()
    host = next(host for host in state["hosts"] if host["name"] == sys.argv[1])
    settings = parse_settings({**state["all"], **host["data"]})
    look = Probe().command(**arguments(settings), own_sudo=True)
    subprocess.run(hosts.ssh_command(host, look), check=True)
