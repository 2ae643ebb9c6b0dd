"""A bundle's folder while it is made: whole or not at all, and nothing is fetched twice."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rackwright.bundle.file import MANIFEST, Manifest, read_manifest, sha256_of
from rackwright.lock.file import Lock
from rackwright.settings import SettingsError

NEW_FOLDER: Final = "name a new folder for the bundle"


class Making:
    """The files of a new bundle; those that an older one has already are taken from there.

    `images` are the digests of the older one's images, by tag.
    """

    def __init__(self, folder: Path, old: Path) -> None:
        self.folder = folder
        self.files: dict[str, str] = {}
        self.fetched = 0
        self._old = old
        known = read_manifest(old) if (old / MANIFEST).exists() else None
        self._known = dict(known.files) if known else {}
        self._by_hash = {sha256: name for name, sha256 in self._known.items()}
        self.images = known.lock.images if known else {}

    def add(self, name: str, sha256: str, fetch: Callable[[Path], None]) -> bool:
        """Put a file in; `fetch` writes it where it is not known. False when it is another one."""
        if self.files.get(name) == sha256:  # two variants of a release have it in common
            return True
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        known = self._old / self._by_hash.get(sha256, "")
        if known.is_file() and sha256_of(known) == sha256:
            path.hardlink_to(known)
        else:
            fetch(path)
            self.fetched += 1
        self.files[name] = sha256
        return sha256_of(path) == sha256

    def make(self, name: str, make: Callable[[Path], None], *, known: bool) -> None:
        """Put in what `make` writes, which is the same again where it is `known`."""
        if known and name in self._known:
            self.add(name, self._known[name], make)
            return
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)
        self.fetched += 1
        self.files[name] = sha256_of(path) or ""

    def write(self, name: str, content: bytes) -> None:
        """Put in a file that was made here."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.files[name] = sha256_of(path) or ""

    def finish(self, lock: Lock) -> None:
        """Write the manifest: only now is it a bundle."""
        manifest = Manifest(lock=lock, files=dict(sorted(self.files.items())))
        text = manifest.model_dump_json(by_alias=True, indent=2)
        (self.folder / MANIFEST).write_text(text + "\n")


@contextmanager
def making(folder: Path) -> Iterator[Making]:
    """A new bundle beside the old one, put in its place when the block ends without an error.

    Raises SettingsError for a folder that holds something else or cannot be written.
    """
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    replaced = folder.with_name(f".{folder.name}.replaced")
    try:
        if replaced.exists() and not folder.exists():  # a run ended between the two renames
            replaced.rename(folder)
        if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
            raise SettingsError([f"{folder} holds something else; {NEW_FOLDER}"])
        for leftover in (unfinished, replaced):
            shutil.rmtree(leftover, ignore_errors=True)
        unfinished.mkdir(parents=True)
    except OSError as error:
        said = f"{folder} cannot be written: {error.strerror}; {NEW_FOLDER}"
        raise SettingsError([said]) from None
    try:
        yield Making(unfinished, folder)
        if folder.exists():
            folder.rename(replaced)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        if folder.exists():
            shutil.rmtree(replaced, ignore_errors=True)
