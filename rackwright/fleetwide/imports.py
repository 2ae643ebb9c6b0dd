"""import: a tar or a folder becomes an image on all hosts."""

import re
import shlex
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pyinfra.api import Host

from rackwright.fleetwide.hosts import on_each, wrong
from rackwright.fleetwide.tag import said
from rackwright.host.error import HostError
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
    """Send a file or a folder to all hosts, or have them fetch a URL.

    `hold` is how hosts are held meanwhile. Returns the exit code of the command.
    """
    words = ["docker", "import", *(f"--change={change}" for change in changes)]
    try:
        with _sent(source) as file:
            before = shlex.join(["docker", "image", "inspect", "--format", "{{.Id}}", "--", image])
            shell = shlex.join([*words, "--", "-" if file else source, image])
            shell = f"{before} </dev/null 2>/dev/null; {shell}"
            shell = hold.around(shell, [asked("import", image, "imported")])
            return on_each(
                inventory, limit, exclude, lambda host: _import(host, shell, file, image)
            )
    except SettingsError as error:
        return wrong(error)


@contextmanager
def _sent(source: str) -> Iterator[Path | None]:
    """What is to be sent: the file, a folder as a compressed tar, or nothing of a URL.

    Owners in a folder stay what they are, by their numbers: those of a whole system mean something.
    Raises SettingsError when it cannot be read.
    """
    if source.startswith(SCHEMES):
        if not re.fullmatch(r"[!-~]+", source):
            raise SettingsError([f"{source}: write a URL as one word of ASCII characters (%20)"])
        yield None
        return
    with TemporaryDirectory(prefix="rackwright-") as scratch:
        file = Path(source)
        try:
            if file.is_dir():
                file = Path(scratch) / "folder.tar.gz"
                with tarfile.open(file, "w:gz", compresslevel=6) as tar:
                    tar.add(source, arcname=".")
            else:
                file.open("rb").close()
        except OSError as error:
            path = error.filename or source
            raise SettingsError([f"{path}: cannot be read: {error.strerror or error}"]) from None
        yield file


def _import(host: Host, shell: str, file: Path | None, image: str) -> str:
    out, err = bytearray(), bytearray()
    if file:
        with file.open("rb") as source:
            code = stream(host, shell, out.extend, err.extend, source)
    else:
        code = stream(host, shell, out.extend, err.extend)
    if code:
        raise HostError(reason(err.decode(errors="replace").splitlines()))
    # Docker may say something of a download, too.
    *before, made = re.findall("sha256:[0-9a-f]{64}", out.decode())
    return said(image, (made, *before))
