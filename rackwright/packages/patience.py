"""apt and dpkg let one process at a time work: waiting for it, with a word about who that is."""

from collections.abc import Generator
from pathlib import Path
from typing import Final

import click
from pyinfra import host, logger
from pyinfra.api import FactBase, FunctionCommand, StringCommand, operation

from rackwright.host.script import command

PATIENCE: Final = Path(__file__).with_suffix(".sh")


class AptHolder(FactBase[str]):
    """Who holds a lock of apt or dpkg, as "NAME (PID)"; "" when nobody does."""

    def command(self) -> str:
        """The command that looks."""
        return command(PATIENCE, "holder")

    def process(self, output: list[str]) -> str:
        """Take the one line that there may be."""
        return output[0] if output else ""


@operation(is_idempotent=False, idempotent_notice="Waits; changes nothing.")
def apt_is_free(seconds: int) -> Generator[StringCommand | FunctionCommand, None, None]:
    """Wait until nobody uses apt or dpkg; fail after so many seconds, with the name of who does."""
    yield FunctionCommand(_name_holder, (seconds,), {})
    yield StringCommand(command(PATIENCE, "wait_for", str(seconds)))


def apt_lock(seconds: int) -> str:
    """The option that makes apt wait for dpkg's lock (apt.conf(5))."""
    return f"-o DPkg::Lock::Timeout={seconds}"


def in_turn(seconds: int, *words: str) -> str:
    """The command that runs a command of apt or dpkg when nobody else uses them."""
    return command(PATIENCE, "run", str(seconds), *words)


def _name_holder(seconds: int) -> None:
    if holder := host.get_fact(AptHolder):
        said = f"{holder} is using apt or dpkg; waiting for it for up to {seconds} s"
        logger.info(f"{host.print_prefix}{click.style(said, 'yellow')}")
