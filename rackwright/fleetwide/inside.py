"""logs, exec and run on all hosts: output as it comes, the host's name before each line."""

import shlex
import sys
from collections.abc import Sequence

from pyinfra.api import Host

from rackwright.fleetwide.hosts import on_each
from rackwright.fleetwide.lines import Lines
from rackwright.fleetwide.words import Words
from rackwright.host.error import HostError
from rackwright.host.rooted import reason
from rackwright.host.stream import stream

# What goes on until somebody ends it must not go on alone on the host when the connection ends: the
# end of its standard input ends it. Nothing of the watcher may keep the connection open.
_WATCHED = """
exec 3<&0
{words} </dev/null 3<&- &
command=$!
{{ cat; kill "$command"; }} <&3 3<&- >/dev/null 2>&1 &
exec 3<&-
wait "$command"
"""


def inside(
    inventory: str,
    limit: Sequence[str],
    exclude: Sequence[str],
    words: Words,
    endless: bool = False,
) -> int:
    """Run docker with these words on all hosts; returns the exit code of the command.

    What is `endless` goes on until Ctrl-C, which is its right end.
    """
    shell = shlex.join(words)
    shell = _WATCHED.format(words=shell) if endless else shell

    def work(host: Host) -> str:
        out, err = Lines(host.name, sys.stdout), Lines(host.name, sys.stderr)
        code = stream(host, shell, out, err, endless=endless)
        out.end()
        err.end()
        if code:
            raise HostError(
                f"exit code {code}: {reason(err.last)}" if err.last else f"exit code {code}"
            )
        return ""

    return on_each(inventory, limit, exclude, work, endless)
