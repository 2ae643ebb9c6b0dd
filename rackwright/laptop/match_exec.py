"""`Match exec` of ~/.ssh/config, as OpenSSH runs it (ssh_config(5), Match).

paramiko has the package invoke run the command. pyinfra puts something else in its place, which
gives the command to the user's shell as the name of a file, so that none with an argument is found.
"""

import os
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """Whether a command ended with exit code 0."""

    ok: bool


def run(command: str, **_: object) -> Said:
    """Run what follows the word exec in the user's shell; what it prints is dropped.

    Takes the arguments of invoke.run, which it stands for.
    """
    quiet = subprocess.DEVNULL
    # The admin's own command, from the admin's own file.
    done = subprocess.run(  # noqa: S603
        [os.environ.get("SHELL", "/bin/sh"), "-c", command],
        stdin=quiet,
        stdout=quiet,
        check=False,
    )
    return Said(done.returncode == 0)


def take_over() -> None:
    """Have paramiko and pyinfra run commands of `Match exec` with this.

    Neither uses invoke any more then, and to import it would cost each start a twentieth of a
    second; whoever else wants it gets the real one.
    """
    here = sys.modules[__name__]
    stands_in = sys.modules.setdefault("invoke", here) is here
    try:
        import paramiko.config
        import pyinfra.connectors.sshuserclient.config  # noqa: F401 - it puts in its own
    finally:
        if stands_in:
            del sys.modules["invoke"]
    paramiko.config.invoke = here  # type: ignore[attr-defined]  # set in a try
