"""A text of the admin's on its way back to a host, where nobody else may read it."""

import base64
import shlex
from collections.abc import Generator

from pyinfra.api import StringCommand, operation


@operation(is_idempotent=False, idempotent_notice="Writes the file whatever it holds.")
def at_hand(
    text: str, path: str, *, open_folder: bool = False
) -> Generator[StringCommand, None, None]:
    """A text is in a new file for root alone, and so is a folder that has to be made for it.

    With `open_folder`, everybody may look into the folder.

    Bytes that are not UTF-8 are surrogates (PEP 383). It travels on standard input: what pyinfra
    uploads lies in /tmp on its way, with the login's umask, and there may be passwords in it.
    """
    encoded = base64.b64encode(text.encode(errors="surrogateescape")).decode()
    folder, file = shlex.quote(path.rpartition("/")[0]), shlex.quote(path)
    # A file that a run left behind would keep its mode.
    mask = "022" if open_folder else "077"
    make = f"umask {mask} && mkdir -p {folder}"
    write = f"{make} && rm -f {file} && umask 077 && base64 -d > {file}"
    yield StringCommand(write, _stdin=encoded)
