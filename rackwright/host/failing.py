"""Failing a host with sentences of ours."""

from collections.abc import Iterable

from pyinfra.api import StringCommand


def failing(sentences: Iterable[str]) -> StringCommand:
    """The command that says why, a line each, and fails.

    They travel on standard input: an argument can be seen by every user of the host, and sudo
    writes it down.
    """
    return StringCommand("cat >&2; false", _stdin="".join(f"{each}\n" for each in sentences))
