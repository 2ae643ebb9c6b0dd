"""A text of the admin's on its way back to a host, where nobody else may read it."""

import base64
import shlex
from collections.abc import Generator

from pyinfra.api import StringCommand, operation


@operation(is_idempotent=False, idempotent_notice="Writes the file whatever it holds.")
def at_hand(text: str, path: str) -> Generator[StringCommand, None, None]:
    """A text is in a file for root alone, and so is a folder that has to be made for it.

    Bytes that are not UTF-8 are surrogates (PEP 383). It travels on standard input: what pyinfra
    uploads lies in /tmp on its way, with the login's umask, and there may be passwords in it.
    """
    encoded = base64.b64encode(text.encode(errors="surrogateescape")).decode()
    folder, file = shlex.quote(path.rpartition("/")[0]), shlex.quote(path)
    # A file that a run left behind keeps its mode.
    write = f"umask 077 && mkdir -p {folder} && rm -f {file} && base64 -d > {file}"
    yield StringCommand(write, _stdin=encoded)
