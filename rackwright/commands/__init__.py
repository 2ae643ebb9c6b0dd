"""The command lines of rackwright, a file for each family of commands.

Each command imports what it needs when it is called, so that --help costs no more than Python.
"""

from collections.abc import Callable
from functools import wraps

import typer


def add(app: typer.Typer, function: Callable[..., int], example: str, name: str = "") -> None:
    """Add a command, named after its function, with an example below its help."""

    @wraps(function)
    def run(*args: object, **kwargs: object) -> int:
        from rackwright.laptop.patches import patch

        patch()
        from rackwright.pace.interrupt import interrupt_main

        interrupt_main()
        return function(*args, **kwargs)

    app.command(name or function.__name__, epilog=f"Example: rackwright {example}")(run)
