"""Where a rollout stands: a file beside the reports, whole at every moment."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import click
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rackwright.fleetwide.whole import whole
from rackwright.report.place import reports
from rackwright.rollout.fit import Before
from rackwright.settings import SettingsError

# What has to be the same in a rollout that goes on, and what it is called.
SAME: Final = {
    "inventory": "inventory",
    "task": "task",
    "arguments": "arguments",
    "written": "--waves",
    "spread": "--spread",
}


class Rollout(BaseModel):
    """A rollout: what it does, in which waves, and how far it came.

    `inventory` is an absolute path, `arguments` are as they may be shown, and `digest` is that of
    their values and of --data. `written` is what --waves says. `before` has what each host was
    before it was changed, `done` the hosts that were found fit afterwards.
    """

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    inventory: str
    task: str
    arguments: tuple[str, ...] = ()
    digest: str
    written: str
    spread: Literal["rack", ""]
    waves: tuple[tuple[str, ...], ...]
    before: dict[str, Before] = Field(default_factory=dict)
    done: list[str] = Field(default_factory=list)

    @property
    def left(self) -> list[tuple[int, tuple[str, ...]]]:
        """The waves that are not done, by number from 1, each with the hosts that are left."""
        numbered = enumerate(self.waves, start=1)
        left = [(n, tuple(host for host in wave if host not in self.done)) for n, wave in numbered]
        return [(number, wave) for number, wave in left if wave]


def place(inventory: str, folder: str | None = None) -> Path:
    """The file of a rollout of this inventory; `folder` is where reports go, or "off"."""
    path = Path(inventory).resolve()
    # There may be an inventory of the same name elsewhere.
    short = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
    return (reports(folder) or Path("reports")) / f"rollout-{path.stem}-{short}.json"


def digest(inventory: str, words: Sequence[str]) -> str:
    """By what words are known again, and not read: there may be passwords among them."""
    text, salt = json.dumps(words).encode(), inventory.encode(errors="replace")
    return hashlib.scrypt(text, salt=salt, n=2**14, r=8, p=1, dklen=32).hex()


def save(rollout: Rollout, file: Path) -> None:
    """Write it down. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole(file) as new:
        new.write(rollout.model_dump_json(indent=1).encode() + b"\n")


def begin(rollout: Rollout, file: Path) -> None:
    """As save(). Raises SettingsError: what could not be resumed does not begin."""
    try:
        save(rollout, file)
    except OSError as error:
        said = f"{file}: the record of the rollout cannot be written: {error}; no host was touched"
        raise SettingsError([said]) from None


def keep(rollout: Rollout, file: Path) -> None:
    """As save(), on the way: a full disk is told, and ends nothing."""
    try:
        save(rollout, file)
    except OSError as error:
        said = f"the record of the rollout could not be written: {error}"
        click.echo(f"rackwright: {said}; --resume goes on from what it has", err=True)


def taken_up(file: Path, wanted: Rollout) -> Rollout:
    """The rollout of the file, to go on with.

    Raises SettingsError when there is none, or it is not what is wanted now: SAME, and the hosts.
    """
    try:
        found = Rollout.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        nothing = f"{file}: there is no rollout to go on with; leave --resume out"
        raise SettingsError([nothing]) from None
    except (OSError, ValidationError) as error:
        raise SettingsError([f"{file}: cannot be read: {error}"]) from None
    reasons = [
        f"{file}: its {called} is {_shown(getattr(found, name))}, "
        f"and {_shown(getattr(wanted, name))} is asked for; say the same, or leave --resume out"
        for name, called in SAME.items()
        if getattr(found, name) != getattr(wanted, name)
    ]
    if not reasons and found.digest != wanted.digest:
        reasons.append(
            f"{file}: it had another --data, or another value of a secret argument; say the same, "
            "or leave --resume out"
        )
    ours, theirs = ({host for wave in each.waves for host in wave} for each in (wanted, found))
    if strange := sorted(ours ^ theirs):
        reasons.append(
            f"{file}: the hosts are not the same any more ({', '.join(strange)}); leave --resume "
            "out, hosts that are right already are left alone"
        )
    if reasons:
        raise SettingsError(reasons)
    return found


def _shown(value: str | Sequence[str]) -> str:
    return (value if isinstance(value, str) else " ".join(value)) or "none"
