"""What is run on each host: a deploy file or a function, by the name that pyinfra takes."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

import click
from pyinfra.api import State
from pyinfra.api.exceptions import PyinfraError
from pyinfra_cli.commands import get_func_and_args
from pyinfra_cli.exceptions import UnexpectedExternalError
from pyinfra_cli.util import exec_file

from rackwright.fleet import raised
from rackwright.host.error import HostError
from rackwright.settings import SettingsError

Task = Callable[[], Any]


def load_task(state: State, name: str, arguments: Sequence[str] = ()) -> Task:
    """What does the task for the host of the moment: `deploy.py`, or `tasks.upgrade.upgrade`.

    `arguments` are KEY=VALUE for a function. Raises SettingsError when there is no such task, or
    it takes no arguments.
    """
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.append(folder)
    if name.endswith(".py"):
        if not Path(name).is_file():
            raise SettingsError([f"{name}: there is no such file; run this where deploy.py is"])
        if arguments:
            raise SettingsError(
                [f"{' '.join(arguments)}: {name} is a file, and takes no arguments"]
            )
        state.current_deploy_filename = name
        return partial(_run_file, name)
    if wrong := [word for word in arguments if "=" not in word]:
        raise SettingsError([f"{' '.join(wrong)}: write KEY=VALUE"])
    try:
        function, (_, named) = get_func_and_args([name, *arguments])
    except (click.ClickException, PyinfraError) as error:
        raise SettingsError([f"{name}: {getattr(error, 'message', error)}"]) from None
    if not callable(function):
        raise SettingsError([f"{name}: is no task; write a file, or MODULE.FUNCTION"])
    try:
        # As it is called: around operations and deploys, pyinfra takes arguments of its own.
        called = signature(function, follow_wrapped=False)
        called.bind(**named)
    except TypeError as error:
        takes = ", ".join(called.parameters) or "no arguments"
        raise SettingsError([f"{name}: {error}; it takes {takes}"]) from None
    return partial(function, **named)


def _run_file(name: str) -> None:
    try:
        exec_file(name)
    except UnexpectedExternalError as error:
        raise HostError(f"{name}: {raised(error)}") from error
