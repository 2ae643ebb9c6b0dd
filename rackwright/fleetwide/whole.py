"""Files on this machine that are whole or not there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO


@contextmanager
def whole(file: Path) -> Iterator[IO[bytes]]:
    """A new file that takes this file's place when the block ends well, and else goes away.

    Nobody but its owner may read it: it may hold what only root could read in the container.
    Raises OSError when it cannot be written.
    """
    with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as new:
        try:
            yield new
            new.flush()
            Path(new.name).replace(file)
        finally:
            Path(new.name).unlink(missing_ok=True)
