"""Where reports lie: a folder for each run in reports/ of the working folder, or where it is said.

RACKWRIGHT_REPORTS in the environment, or --report, names another folder; "off" writes none.
"""

import errno
import os
import shutil
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Final
from uuid import uuid4

VARIABLE: Final = "RACKWRIGHT_REPORTS"
OFF: Final = "off"


def reports(asked: str | None = None) -> Path | None:
    """The folder of all reports; None when none are to be written."""
    said = asked or os.environ.get(VARIABLE) or "reports"
    return None if said == OFF else Path(said)


def keep(folder: Path, name: str, files: Mapping[str, str]) -> Path:
    """Write files into a new folder below `folder`, all of them or none; returns its path.

    It is called `name`, with a number behind it where that is taken. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{uuid4().hex}"
    partial.mkdir()
    try:
        for file, text in files.items():
            (partial / file).write_text(text, encoding="utf-8", newline="")
        return _renamed(partial, folder / name)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _renamed(partial: Path, path: Path) -> Path:
    for number in count(2):
        # A rename onto a folder that holds something fails, whoever else writes at that moment.
        try:
            return partial.rename(path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        path = path.with_name(f"{path.name.partition('-')[0]}-{number}")
    raise AssertionError("count() has no end")


def kept(folder: Path) -> list[Path]:
    """The folders of all reports below a folder, the newest first."""
    found = [each.parent for each in folder.glob("[!.]*/report.json")]
    return sorted(found, key=lambda path: _order(path.name), reverse=True)


def _order(name: str) -> tuple[str, int]:
    moment, _, number = name.partition("-")
    return moment, int(number) if number.isdigit() else 1
