"""What no stock operation does: load an image from a file on this machine, sent in one piece."""

import hashlib
from collections.abc import Generator
from pathlib import Path
from typing import IO

from pyinfra.api import FileUploadCommand, StringCommand, operation

from rackwright.docker import IMAGES_SH
from rackwright.host.script import command
from rackwright.laptop.archives import ArchivedImage
from rackwright.marks import IMAGES

FILE = f"{IMAGES}/image.tar"


@operation(is_idempotent=False, idempotent_notice="The plan knows whether the host has the image.")
def from_file(image: ArchivedImage) -> Generator[FileUploadCommand | StringCommand, None, None]:
    """Send an image's file to the host, check it, and load it; the file goes again."""
    path = Path(image.file or "")
    yield from sent(str(path), image.size, FILE, f"load {image.name}")
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    yield StringCommand(command(IMAGES_SH, "load", FILE, sha256, image.name))


def sent(
    source: str | IO[bytes], size: int, path: str, what: str
) -> Generator[FileUploadCommand | StringCommand, None, None]:
    """Send a file to a path on the host whose folder is made for it; `what` says what for."""
    yield StringCommand(command(IMAGES_SH, "room", path.rpartition("/")[0], str(size), what))
    # As the login itself, into a folder of its own: with sudo, pyinfra would send the file to /tmp
    # and copy it from there, and /tmp may be small, or memory.
    yield FileUploadCommand(source, path, _sudo=False)
