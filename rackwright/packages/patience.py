"""apt and dpkg let one process at a time work: waiting for it, with a word about who that is."""

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any, Final

from pyinfra import host
from pyinfra.api import FactBase, FunctionCommand, StringCommand, operation
from pyinfra.operations import apt

from rackwright.host.script import command
from rackwright.run import tell

PATIENCE: Final = Path(__file__).with_suffix(".sh")

Commands = Generator[StringCommand | FunctionCommand, None, None]


class AptHolder(FactBase[str]):
    """Who holds a lock of apt or dpkg, as "NAME (PID)"; "" when nobody does."""

    def command(self) -> str:
        """The command that looks."""
        return command(PATIENCE, "holder")

    def process(self, output: list[str]) -> str:
        """Take the one line that there may be."""
        return output[0] if output else ""


@operation(is_idempotent=False, idempotent_notice="Waits; changes nothing.")
def apt_is_free(seconds: int) -> Commands:
    """Wait until nobody uses apt or dpkg; fail after so many seconds, with the name of who does."""
    yield from _after_a_word(seconds, [command(PATIENCE, "wait_for", str(seconds))])


@operation(is_idempotent=False, idempotent_notice="As server.shell.")
def apt_shell(seconds: int, commands: Iterable[str], otherwise: str = "") -> Commands:
    """As server.shell, for commands of apt or dpkg: each waits for whoever else uses these.

    Fails when that takes more than so many seconds, with the name of who it is. `otherwise` is run
    where a command failed, and decides what comes of it.
    """
    yield from _turns(seconds, commands, otherwise)


@operation()
def apt_packages(
    seconds: int, packages: Iterable[str], otherwise: str = "", **asked: Any
) -> Commands:
    """As pyinfra's apt.packages, with `asked` for it; otherwise as apt_shell.

    apt's own DPkg::Lock::Timeout is for dpkg's locks alone (apt.conf(5)), not for that of
    /var/cache/apt/archives, which whoever downloads packages holds.
    """
    commands = apt.packages._inner(packages=list(packages), **asked)
    yield from _turns(seconds, commands, otherwise)


def in_turn(seconds: int, shell: str) -> str:
    """The command that runs one of apt or dpkg when nobody else uses them."""
    return command(PATIENCE, "run", str(seconds), "sh", "-c", shell)


def _turns(seconds: int, commands: Iterable[str], otherwise: str) -> Commands:
    turns = [in_turn(seconds, each) for each in commands]
    if otherwise:
        turns = [f"{each} || {{ {otherwise}; }}" for each in turns]
    yield from _after_a_word(seconds, turns)


def _after_a_word(seconds: int, commands: list[str]) -> Commands:
    if commands:
        yield FunctionCommand(_name_holder, (seconds,), {})
    yield from map(StringCommand, commands)


def _name_holder(seconds: int) -> None:
    if holder := host.get_fact(AptHolder):
        tell(host, f"{holder} is using apt or dpkg; waiting for it for up to {seconds} s")
