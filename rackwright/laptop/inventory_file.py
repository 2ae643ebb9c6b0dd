"""Which file an inventory came from: pyinfra's state does not keep it."""

import sys
from pathlib import Path
from weakref import WeakKeyDictionary

import pyinfra
from pyinfra.api import State

_files: WeakKeyDictionary[State, Path] = WeakKeyDictionary()


def register(state: State, file: Path) -> None:
    """Our own command says which file it read."""
    _files[state] = file


def inventory_file(state: State) -> Path | None:
    """The inventory file of a run; None when hosts were named without one.

    Under pyinfra's command, its own parser reads the command line again.
    """
    file = _files.get(state) or (_of_command_line() if pyinfra.is_cli else None)
    return file if file and file.is_file() else None


def _of_command_line() -> Path:
    from pyinfra_cli.cli import cli

    context = cli.make_context("pyinfra", sys.argv[1:], resilient_parsing=True)
    return Path(context.params["inventory"])
