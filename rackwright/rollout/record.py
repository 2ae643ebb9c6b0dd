"""Where a rollout stands: a file beside the reports, whole at every moment."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rackwright.fleetwide.whole import whole
from rackwright.report.place import reports
from rackwright.rollout.fit import Before
from rackwright.settings import SettingsError


class Rollout(BaseModel):
    """A rollout: what it does, in which waves, and how far it came.

    `before` has what each host was before it was changed, `done` the hosts that were found fit
    afterwards.
    """

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    inventory: str
    task: str
    arguments: tuple[str, ...] = ()
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
    return (reports(folder) or Path("reports")) / f"rollout-{Path(inventory).stem}.json"


def save(rollout: Rollout, file: Path) -> None:
    """Write it down. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole(file) as new:
        new.write(rollout.model_dump_json(indent=1).encode() + b"\n")


def taken_up(file: Path, wanted: Rollout) -> Rollout:
    """The rollout of the file, to go on with.

    Raises SettingsError when there is none, or it is not of this inventory, task and hosts.
    """
    try:
        found = Rollout.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        nothing = f"{file}: there is no rollout to go on with; leave --resume out"
        raise SettingsError([nothing]) from None
    except (OSError, ValidationError) as error:
        raise SettingsError([f"{file}: cannot be read: {error}"]) from None
    reasons = [
        f"{file}: its {name} is {_shown(getattr(found, name))}, "
        f"and {_shown(getattr(wanted, name))} is asked for; say the same, or leave --resume out"
        for name in ("inventory", "task", "arguments")
        if getattr(found, name) != getattr(wanted, name)
    ]
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
    return value if isinstance(value, str) else " ".join(value) or "none"
