"""A bundle on the laptop: what is in it, and whether it is as it was made."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rackwright.lock.file import Lock, Sha256
from rackwright.settings import SettingsError

MANIFEST: Final = "manifest.json"
INDEX: Final = "Packages"


class Manifest(BaseModel):
    """What a bundle holds: its packages as a lock names them, and every file with its hash."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: Literal[1] = Field(1, alias="schema")
    lock: Lock
    files: dict[str, Sha256]


def release_folder(release: str) -> str:
    """The folder of a release ("debian/bookworm/amd64") in a bundle."""
    return release.replace("/", "-")


def image_file(tag: str, architecture: str) -> str:
    """Where a bundle keeps an image for docker load."""
    return f"images/{tag}-{architecture}.tar"


@cache
def read_manifest(folder: Path) -> Manifest:
    """The manifest of a bundle. Raises SettingsError when there is none."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except OSError as error:
        said = error.strerror
    except ValidationError:
        said = f"its {MANIFEST} cannot be used"
    raise SettingsError(
        [f"docker_bundle: {folder} is no bundle ({said}); make it with `rackwright bundle`"]
    )


@cache
def broken(folder: Path, part: str) -> tuple[str, ...]:
    """The files below a part of a bundle that are missing or not what the manifest says."""
    files = read_manifest(folder).files
    return tuple(
        name
        for name, expected in sorted(files.items())
        if name.startswith(part) and sha256_of(folder / name) != expected
    )


def sha256_of(path: Path) -> str | None:
    """The SHA-256 of a file; None when there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
