"""Who runs this, from which machine, and with which command line."""

import getpass
import os
import re
import shlex
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rackwright.settings import PREFIXES

HIDDEN: Final = "***"
# Options of pyinfra's and ours that take a password, and those that take KEY=VALUE.
PASSWORDS: Final = ("--ssh-password", "--password", "--ssh-key-password", "--key-password")
# A password in a URL, whoever is told it.
IN_URL: Final = re.compile(r"(?<=://)[^/@\s]+(?=@)")
PAIRS: Final = ("--data", "--env", "-e")


def user() -> str:
    """The user's name; behind sudo, of the one who called it."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # no entry in passwd; Python 3.13 raises OSError
        return f"uid {os.getuid()}"


def machine() -> str:
    """This machine's name."""
    return socket.gethostname()


def command_line(words: Sequence[str] | None = None) -> str:
    """The command line (this process's own), as a shell would take it, without its secrets.

    Of what goes to pyinfra's --data or our --env, only settings are shown: they hold no secrets.
    """
    program, *rest = sys.argv if words is None else words
    shown = [_shown(before, word) for before, word in zip(["", *rest], rest, strict=False)]
    return without_passwords(shlex.join([Path(program).name, *shown]))


def without_passwords(text: str) -> str:
    """A text, with what stands for the user and the password in its URLs hidden."""
    return IN_URL.sub(HIDDEN, text)


def _shown(before: str, word: str) -> str:
    if before in PASSWORDS:
        return HIDDEN
    if before in PAIRS:
        return _pair(word)
    option, _, value = word.partition("=")
    if option in PASSWORDS and value:
        return f"{option}={HIDDEN}"
    return f"{option}={_pair(value)}" if option in PAIRS and value else word


def _pair(word: str) -> str:
    key, is_pair, _ = word.partition("=")
    return f"{key}={HIDDEN}" if is_pair and not key.startswith(PREFIXES) else word
