"""Hosts held for a command of one step: the lock is taken, and given back, in the same command."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rackwright.change import Change
from rackwright.host_lock.holder import Holder
from rackwright.host_lock.turn import Turn


@dataclass(frozen=True)
class Hold:
    """How a command holds hosts: `wait` is how many seconds it waits for another run.

    With `breaks`, it takes the host from that run instead, and ends its connection.
    """

    wait: int = 0
    breaks: bool = False
    holder: Holder = field(default_factory=Holder)

    def around(self, shell: str, changes: Sequence[Change]) -> str:
        """Shell code that runs this code while the host is held, and writes down the changes."""
        return Turn(self.holder, broken="any" if self.breaks else "").within(
            self.wait, shell, changes
        )


def asked(task: str, what: str, after: str, before: str = "") -> Change:
    """A change that somebody asked for by name; what was before is not always known."""
    return Change(task, what, before, after, "it was asked for")
