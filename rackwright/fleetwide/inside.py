"""logs, exec and run on all hosts: output as it comes, the host's name before each line."""

import shlex
import sys
from collections.abc import Sequence

from pyinfra.api import Host

from rackwright.fleetwide.hosts import on_each
from rackwright.fleetwide.lines import Lines
from rackwright.fleetwide.words import Words
from rackwright.host.error import HostError
from rackwright.host.remote import command_line
from rackwright.host.rooted import reason
from rackwright.host.stream import stream


def inside(inventory: str, limit: Sequence[str], exclude: Sequence[str], words: Words) -> int:
    """Run docker with these words on all hosts; returns the exit code of the command."""

    def work(host: Host) -> str:
        out, err = Lines(host.name, sys.stdout), Lines(host.name, sys.stderr)
        code = stream(host, command_line(host, shlex.join(words)), out, err)
        out.end()
        err.end()
        if code:
            raise HostError(
                f"exit code {code}: {reason(err.last)}" if err.last else f"exit code {code}"
            )
        return ""

    return on_each(inventory, limit, exclude, work)
