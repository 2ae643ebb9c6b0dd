"""Who a run is, as hosts and their logs are told."""

import os
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rackwright.laptop import who


def new_run() -> str:
    """A name for a run that no other run has: its start in UTC, and some chance."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def admin() -> str:
    """Who sits where, as USER@MACHINE, in one word."""
    return re.sub(r"[^!-~]", "?", f"{who.user()}@{who.machine()}")


def marked(admin: str) -> str:
    """An admin of this machine, told apart from one of the same name on another machine."""
    return f"{admin}#{who.mark()}"


def command() -> str:
    """The command line of this process without its secrets, on one line of ASCII."""
    return re.sub(r"[^ -~]", "?", who.command_line())


@dataclass(frozen=True)
class Holder:
    """A run that may hold locks: its name, its admin, its process on their machine, its command."""

    run: str = field(default_factory=new_run)
    admin: str = field(default_factory=admin)
    process: int = field(default_factory=os.getpid)
    command: str = field(default_factory=command)

    @property
    def identity(self) -> str:
        """The admin, as hosts keep and compare it."""
        return marked(self.admin)

    @property
    def words(self) -> tuple[str, ...]:
        """RUN ADMIN PROCESS COMMAND, as host_lock.sh takes them."""
        return self.run, self.identity, str(self.process), self.command
