"""Where the answer of a command of ours begins: a login may say something of its own before it."""

from collections.abc import Callable, Sequence
from typing import Final

from rackwright.host.error import HostError

BEGIN: Final = "@@rackwright-answer"
# Half a line may stand before it. No quotation mark and no newline: any login shell passes it on.
MARK: Final = f"echo; echo {BEGIN}"


def announced(shell: str) -> str:
    """This shell code, with a mark before what it prints."""
    return f"{MARK}\n{shell}"


def answer(lines: Sequence[str]) -> list[str]:
    """What announced() code printed, without what the login said. Raises HostError."""
    if BEGIN not in lines:
        said = " / ".join(line for line in lines if line.strip())[-300:] or "nothing"
        raise HostError(f"the host did not run what it was sent; it said: {said}")
    return list(lines[lines.index(BEGIN) + 1 :])


def greeting(lines: Sequence[str]) -> str:
    """What the login said before announced() code ran; "" is nothing."""
    before = list(lines[: lines.index(BEGIN)]) if BEGIN in lines else []
    if before and not before[-1]:  # the mark begins with it
        before.pop()
    said = " / ".join(line.strip() for line in before if line.strip())[:300]
    return said or ("an empty line" if before else "")


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


def greets(said: str) -> tuple[str, ...]:
    """Why nothing can be changed through a login that says this before its commands do.

    pyinfra takes a greeting for the answer of its own commands, and SFTP for a broken connection.
    """
    if not said:
        return ()
    return (
        f"the login prints {said!r} before every command, which would be taken for "
        "the command's answer; keep it silent where nobody types (in ~/.bashrc, below the line "
        "`case $- in *i*) ;; *) return ;; esac`; not in /etc/ssh/sshrc), and run this again",
    )
