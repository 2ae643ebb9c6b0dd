"""The lock file beside an inventory: its schema, where it is, and how it is read and written."""

import json
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from rackwright.settings import SettingsError
from rackwright.settings.values import DebianVersion, Fingerprint

Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
Digest = Annotated[str, StringConstraints(pattern="^sha256:[0-9a-f]{64}$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LockedPackage(_Model):
    """One package file: a version alone may come back with other bytes (docker-install #379)."""

    version: DebianVersion
    sha256: Sha256


# Package name -> what exactly is installed.
Packages = dict[str, LockedPackage]


class Lock(_Model):
    """What a lock file holds.

    `packages` is by release ("debian/bookworm/amd64"), then by what the settings asked for
    ("stable/latest", "stable/26.1 containerd.io=1.7.24-1"). `images` has the digest of a tag,
    which stands for every architecture.
    """

    schema_: Literal[1] = Field(1, alias="schema")
    keys: tuple[Fingerprint, ...]
    packages: dict[str, dict[str, Packages]]
    images: dict[str, Digest] = {}


def lock_path(inventory: Path) -> Path:
    """inventory/NAME.lock.json of inventory/NAME.py."""
    return inventory.with_suffix(".lock.json")


def read_lock(path: Path) -> Lock:
    """The lock in a file. Raises SettingsError when it is none."""
    try:
        return Lock.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        said = ": ".join((".".join(map(str, first["loc"])), first["msg"])).removeprefix(": ")
    except OSError as error:
        said = str(error)
    raise SettingsError([f"{path} cannot be used: {said}; write it again with `rackwright lock`"])


def lock_text(lock: Lock) -> str:
    """The lock as JSON in a stable order, one value a line, so that a change is a small diff."""
    return json.dumps(lock.model_dump(by_alias=True), indent=2, sort_keys=True) + "\n"


def write_lock(path: Path, lock: Lock) -> None:
    """Put a lock in place whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(lock_text(lock))
    unfinished.replace(path)
