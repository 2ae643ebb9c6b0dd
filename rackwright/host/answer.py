"""Where the answer of a command of ours begins: a login may say something of its own before it."""

from collections.abc import Callable, Sequence
from typing import Final

from rackwright.host.error import HostError

BEGIN: Final = "@@rackwright-answer"


def announced(shell: str) -> str:
    """This shell code, with a mark before what it prints; half a line may stand before it."""
    return f"printf '\\n%s\\n' {BEGIN}\n{shell}"


def answer(lines: Sequence[str]) -> list[str]:
    """What announced() code printed, without what the login said. Raises HostError."""
    if BEGIN not in lines:
        said = " / ".join(line for line in lines if line.strip())[-300:] or "nothing"
        raise HostError(f"the host did not run what it was sent; it said: {said}")
    return list(lines[lines.index(BEGIN) + 1 :])


def answering(sink: Callable[[bytes], object]) -> Callable[[bytes], None]:
    """A sink for all bytes, that passes on what announced() code printed and nothing before it."""
    mark = f"\n{BEGIN}\n".encode()
    before: bytearray | None = bytearray()

    def take(chunk: bytes) -> None:
        nonlocal before
        if before is not None:
            before += chunk
            _, found, chunk = bytes(before).partition(mark)
            before = None if found else before
        if chunk:
            sink(chunk)

    return take


def greets(greeting: str) -> tuple[str, ...]:
    """Why nothing can be changed through a login that says this before its commands do.

    pyinfra takes a greeting for the answer of its own commands, and SFTP for a broken connection.
    """
    if not greeting:
        return ()
    return (
        f"the login prints {greeting!r} before every command, which would be taken for "
        "the command's answer; keep it silent where nobody types (in ~/.bashrc, below the line "
        "`case $- in *i*) ;; *) return ;; esac`; not in /etc/ssh/sshrc), and run this again",
    )
