"""Run programs, and say in one sentence what went wrong when they fail."""

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class LabError(Exception):
    """Something that the user has to know: what happened, and what to do."""


def run(
    *argv: str | Path,
    stdin: bytes = b"",
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a program to its end, on that standard input, and return its standard output.

    Raises LabError with the last lines of its error output if it fails or is not installed.
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(words, input=stdin, env=env, cwd=cwd, capture_output=True)
    except FileNotFoundError as error:
        raise LabError(f"{words[0]} is not installed; install it and try again") from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()[-8:]
        shown = " ".join(words)
        shown = shown if len(shown) < 200 else shown[:200] + " ..."
        raise LabError(f"`{shown}` ended with {done.returncode}:\n  " + "\n  ".join(said))
    return done.stdout.decode(errors="replace")


def wait_for(what: str, ready: Callable[[], bool], seconds: float, every: float = 0.1) -> None:
    """Return as soon as ready() is true; raise LabError when that takes longer than allowed."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise LabError(f"{what}: still not so after {seconds:.0f} s")
        time.sleep(every)


def at_once(do: Callable[[Item], Result], items: list[Item], workers: int = 8) -> list[Result]:
    """Call do(item) for all items in parallel; return the results in the order of the items."""
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(do, items))


@contextmanager
def stage(title: str) -> Iterator[None]:
    """Print the title with the seconds that the block took, when it is done."""
    started = time.monotonic()
    yield
    print(f"  {title:<58} {time.monotonic() - started:6.1f} s", flush=True)
