"""Shell scripts of ours on their way to a host: one command that no login shell can bend."""

import base64
import gzip
import shlex
from functools import cache
from pathlib import Path


@cache
def packed(*scripts: Path) -> str:
    """Shell code that prints scripts, one after the other.

    Only letters, digits, + / =: the same in every shell, and a third of the bytes on the wire.
    """
    content = base64.b64encode(
        gzip.compress(b"".join(map(Path.read_bytes, scripts)), mtime=0)
    ).decode()
    return f"echo {content} | base64 -d | gzip -dc"


def unpacked(*scripts: Path) -> str:
    """Shell code that puts scripts, one after the other, into $script."""
    return f"script=$({packed(*scripts)})"


def command(script: Path, *arguments: str, after: Path | None = None) -> str:
    """The command that runs a script with these arguments, in the shell that it is written for.

    `after` is one with functions that it uses.
    """
    shell = "bash" if script.read_text().startswith("#!/bin/bash\n") else "sh"
    words = " ".join(map(shlex.quote, (script.stem, *arguments)))
    scripts = [after, script] if after else [script]
    return f'{unpacked(*scripts)}; {shell} -c "$script" {words}'


def encoded(text: str) -> str:
    """A text as one word that every shell leaves alone."""
    return base64.b64encode(text.encode()).decode()
