"""Debian packages made in memory: the archive format of deb(5). Pure."""

import gzip
import io
from pathlib import PurePosixPath

from lab.tar import File, archive


def build(control: str, files: dict[str, File], scripts: dict[str, str]) -> bytes:
    """A .deb with these files by path, and maintainer scripts by name."""
    described = {"control": File(control.encode())}
    described |= {name: File(text.encode(), 0o755) for name, text in scripts.items()}
    etc = "".join(f"/{path}\n" for path in sorted(files) if path.startswith("etc/"))
    if etc:
        described["conffiles"] = File(etc.encode())
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": gzip.compress(archive(described), 1, mtime=0),
        "data.tar.gz": gzip.compress(archive(with_folders(files)), 1, mtime=0),
    }
    made = io.BytesIO(b"!<arch>\n")
    made.seek(0, io.SEEK_END)
    for name, data in members.items():
        made.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode())
        made.write(data + b"\n" * (len(data) % 2))
    return made.getvalue()


def with_folders(files: dict[str, File]) -> dict[str, File]:
    """The files, and every folder above them, without which dpkg does not unpack."""
    folders = {
        f"{parent}/": File(mode=0o755)
        for path in files
        for parent in PurePosixPath(path.rstrip("/")).parents
        if str(parent) != "."
    }
    return {**folders, **files}
