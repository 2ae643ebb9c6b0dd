"""Whether a run may change a host, and the commands that hold the host and give it back."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rackwright.change import Change
from rackwright.host.script import command
from rackwright.host_lock.audit import Result, lines
from rackwright.host_lock.holder import Holder
from rackwright.look.host_lock import HostLock
from rackwright.settings import Settings

SCRIPT: Final = Path(__file__).with_name("host_lock.sh")


@dataclass(frozen=True)
class Turn:
    """A run's turn on one host. `seen` is the run that held the lock last when it looked.

    `broken` is a run from which the lock is taken; "" is none.
    """

    holder: Holder
    seen: str = ""
    broken: str = ""

    def begin(self, changes: Sequence[Change]) -> str:
        """The command that holds the host, and writes down what is planned.

        It fails where another run holds the host, or has held it since the look.
        """
        planned = lines(self.holder, changes)
        return command(SCRIPT, "begin", *self.holder.words, self.seen, self.broken, planned)

    def again(self) -> str:
        """The command that holds the host again after a reboot, which ends every lock."""
        return command(SCRIPT, "again", *self.holder.words)

    def give(self, became: Mapping[Result, Sequence[Change]]) -> str:
        """The command that gives the host back, and writes down what became of the changes."""
        told = [word for item in became.items() for word in (item[0], lines(self.holder, item[1]))]
        return command(SCRIPT, "give", self.holder.run, *told)

    def wait(self, seconds: int) -> str:
        """The command that ends when no other run holds the host, or fails after so long."""
        return command(SCRIPT, "wait_for", str(seconds), self.holder.run, self.holder.identity)

    def within(self, seconds: int, shell: str, changes: Sequence[Change]) -> str:
        """Shell code of one step, run while this run holds the host; it waits for that so long."""
        known = ("any", self.broken, lines(self.holder, changes))
        return command(SCRIPT, "within", str(seconds), shell, *self.holder.words, *known)


def runs_here(process: int) -> bool:
    """Whether a process of this number runs on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def turn(
    holder: Holder, lock: HostLock, settings: Settings, alive: Callable[[int], bool] = runs_here
) -> Turn:
    """A run's turn, as the lock was seen.

    What holds the lock is broken where the settings say so, and where it is a run of the same admin
    that is not `alive` any more, by its process here: then only its connection is left.
    """
    dead = lock.admin == holder.identity and not alive(lock.process)
    breaks = lock.standing == "held" and (settings.docker_lock_break or dead)
    return Turn(holder, lock.run, lock.run if breaks else "")


def held(turn: Turn, lock: HostLock) -> str:
    """Why it is not this run's turn, and what to do; "" when it is."""
    if lock.standing != "held" or turn.broken:
        return ""
    return (
        f"{lock.says}; nothing was changed. Run this again when that has ended, or wait for it: "
        "--data docker_lock_wait=600. If that run is dead, and you know it: "
        "--data docker_lock_break=true"
    )
