"""Contexts of builds on this machine: known by what is in them, and packed when they are sent."""

import hashlib
import json
import os
import stat
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock

from rackwright.laptop.dockerignore import Pattern, ignored, may_come_back, patterns

_packing = Lock()


class ContextError(ValueError):
    """A context that cannot be used; the message says why, and what to do."""


@dataclass(frozen=True)
class Folder:
    """A folder without what .dockerignore keeps out: the paths in it, and a hash of them all."""

    path: Path
    names: tuple[str, ...]
    sha256: str


@cache
def read_folder(path: Path, dockerfile: str) -> Folder:
    """What is to be sent of a folder. Raises ContextError.

    As for Docker's own cache, the times of files do not count.
    """
    try:
        # What BuildKit reads first: rules for this Dockerfile alone.
        ignores = [f"{dockerfile}.dockerignore", ".dockerignore"]
        file = next((path / each for each in ignores if (path / each).is_file()), None)
        found = patterns(file.read_text(encoding="utf-8")) if file else ()
        # Docker reads these however they are ignored.
        always = {dockerfile, *ignores}
        names = set(_names(path, "", found, always))
        # A folder goes along with what is in it, for its mode.
        names |= {str(parent) for name in names for parent in Path(name).parents} - {"."}
        listed = tuple(sorted(names))
        whole = hashlib.sha256()
        for name in listed:
            whole.update(json.dumps(_entry(path / name, name)).encode())
    except OSError as error:
        raise ContextError(f"{error.filename or path}: {error.strerror or error}") from None
    except ValueError as error:  # of .dockerignore; not UTF-8 is one, too
        raise ContextError(f"{file}: {error}") from None
    return Folder(path, listed, whole.hexdigest())


def packed(folder: Folder, dockerfile: str | None) -> Path:
    """A compressed tar file of it, as context/, and of a Dockerfile beside it where there is one.

    It is made once a run, and goes when the process ends.
    """
    with _packing:
        return _packed(folder, dockerfile)


@cache
def sha256_of(path: Path) -> str:
    """The digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def dockerfile_in_tar(path: Path, dockerfile: str) -> str:
    """The Dockerfile in a tar file, compressed or not. Raises ContextError."""
    try:
        with tarfile.open(path) as tar:
            names = {each.name.removeprefix("./"): each for each in tar if each.isfile()}
            found = tar.extractfile(names[dockerfile]) if dockerfile in names else None
            if found is None:
                raise ContextError(f"{path} holds no {dockerfile}")
            return found.read().decode(errors="replace")
    except OSError as error:
        raise ContextError(f"{path}: {error.strerror or error}") from None
    except (tarfile.TarError, EOFError) as error:
        why = str(error).partition("\n")[0]
        raise ContextError(f"{path} is no tar file in gzip, bzip2 or xz ({why})") from None


@cache
def _packed(folder: Folder, dockerfile: str | None) -> Path:
    handle, name = tempfile.mkstemp(suffix=".tar.gz", dir=_scratch().name)
    with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as tar:
        if dockerfile is not None:
            text = dockerfile.encode()
            entry = tarfile.TarInfo("Dockerfile")
            entry.size = len(text)
            tar.addfile(entry, BytesIO(text))
        tar.add(folder.path, arcname="context", recursive=False, filter=_nobodys)
        for each in folder.names:
            path = folder.path / each
            tar.add(path, arcname=f"context/{each}", recursive=False, filter=_nobodys)
    return Path(name)


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="rackwright-")


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    # docker build, too, gives everything to root.
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _names(root: Path, below: str, found: tuple[Pattern, ...], always: set[str]) -> Iterator[str]:
    with os.scandir(root / below) as entries:
        for entry in entries:
            name = f"{below}/{entry.name}" if below else entry.name
            out = ignored(name, found) and name not in always
            if not out and not stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode):
                yield name
            if entry.is_dir(follow_symlinks=False):
                wanted = any(each.startswith(f"{name}/") for each in always)
                if not out or wanted or may_come_back(name, found):
                    yield from _names(root, name, found, always)


def _entry(path: Path, name: str) -> list[str]:
    status = path.lstat()
    kind, mode = stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode)
    content = ""
    if stat.S_ISREG(status.st_mode):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    elif stat.S_ISLNK(status.st_mode):
        content = str(path.readlink())
    return [name, f"{kind:o}", f"{mode:o}", content]
