"""Tar archives made in memory: how files get into containers and into image layers."""

import io
import tarfile
from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """One file of an archive: its content or, for a link, its target."""

    content: bytes = b""
    mode: int = 0o644
    owner: int = 0
    link: str = ""


def archive(files: dict[str, File]) -> bytes:
    """A tar archive of the files by path; the same files always give the same bytes."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path, file in sorted(files.items()):
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.mode, entry.uid, entry.gid = file.mode, file.owner, file.owner
            entry.size = len(file.content)
            if file.link:
                entry.type, entry.linkname = tarfile.SYMTYPE, file.link
            elif path.endswith("/"):
                entry.type = tarfile.DIRTYPE
            tar.addfile(entry, io.BytesIO(file.content))
    return made.getvalue()
