"""Who runs this, from which machine, and with which command line."""

import getpass
import hashlib
import os
import shlex
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rackwright.hidden import HIDDEN, secretive, without_logins
from rackwright.settings import PREFIXES

# The process namespace that is no container's: PROC_PID_INIT_INO of linux/proc_ns.h.
OF_THE_MACHINE: Final = "pid:[4026531836]"
# Options of pyinfra's and ours that take a password, and those that take KEY=VALUE.
PASSWORDS: Final = ("--ssh-password", "--password", "--ssh-key-password", "--key-password")
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


def mark() -> str:
    """What tells this machine, or container, from others of its name, in eight hex digits."""
    if sys.platform != "linux":
        from uuid import getnode

        told = [str(getnode())]
    else:
        space = str(Path("/proc/self/ns/pid").readlink())
        told = [space, _read("/etc/machine-id")]
        # Containers of one image have one machine-id, if any.
        told += [] if space == OF_THE_MACHINE else [_read("/proc/sys/kernel/random/boot_id")]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:8]


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def command_line(words: Sequence[str] | None = None) -> str:
    """The command line (this process's own), as a shell would take it, without its secrets.

    Of what goes to pyinfra's --data or our --env, only settings are shown: they hold no secrets.
    Of other KEY=VALUE, what is called like a secret is hidden.
    """
    program, *rest = sys.argv if words is None else words
    words = [_told(before, word) for before, word in zip(["", *rest], rest, strict=False)]
    return without_logins(shlex.join([Path(program).name, *words]))


def shown(word: str) -> str:
    """A word; of KEY=VALUE, the value is hidden where it is called like a secret."""
    key, is_pair, _ = word.partition("=")
    return f"{key}={HIDDEN}" if is_pair and secretive(key.strip("-").replace("-", "_")) else word


def _told(before: str, word: str) -> str:
    if before in PASSWORDS:
        return HIDDEN
    if before in PAIRS:
        return _pair(word)
    option, _, value = word.partition("=")
    return f"{option}={_pair(value)}" if option in PAIRS and value else shown(word)


def _pair(word: str) -> str:
    key, is_pair, _ = word.partition("=")
    return f"{key}={HIDDEN}" if is_pair and not key.startswith(PREFIXES) else word
