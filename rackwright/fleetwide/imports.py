"""import: a tar becomes an image on all hosts."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from pyinfra.api import Host

from rackwright.fleetwide.hosts import on_each, wrong
from rackwright.host.error import HostError
from rackwright.host.remote import command_line
from rackwright.host.rooted import reason
from rackwright.host.stream import stream
from rackwright.host_lock.hold import Hold, asked
from rackwright.settings import SettingsError

SCHEMES = ("http://", "https://")


def import_fleet(
    inventory: str,
    limit: Sequence[str],
    exclude: Sequence[str],
    source: str,
    image: str,
    changes: Sequence[str],
    hold: Hold,
) -> int:
    """Send a file to all hosts, or have them fetch a URL; returns the exit code of the command."""
    file = None if source.startswith(SCHEMES) else Path(source)
    if file and not _readable(file):
        return wrong(SettingsError([f"{file}: is no file that can be read"]))
    words = ["docker", "import", *(f"--change={change}" for change in changes)]
    shell = shlex.join([*words, "--", "-" if file else source, image])
    shell = hold.around(shell, [asked("import", image, "imported")])
    return on_each(inventory, limit, exclude, lambda host: _import(host, shell, file, image))


def _import(host: Host, shell: str, file: Path | None, image: str) -> str:
    out, err = bytearray(), bytearray()
    command = command_line(host, shell)
    if file:
        with file.open("rb") as source:
            code = stream(host, command, out.extend, err.extend, source)
    else:
        code = stream(host, command, out.extend, err.extend)
    if code:
        raise HostError(reason(err.decode(errors="replace").splitlines()))
    made = out.decode().split()[-1]  # after what docker says of a download
    return f"{image} is {made.removeprefix('sha256:')[:12]}"


def _readable(file: Path) -> bool:
    try:
        with file.open("rb"):
            return True
    except OSError:
        return False
