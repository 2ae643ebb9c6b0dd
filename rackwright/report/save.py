"""The files of a report."""

from pathlib import Path

from rackwright.report.place import keep
from rackwright.report.record import RunRecord


def save(record: RunRecord, folder: Path) -> Path:
    """Write the report of a run into a new folder below `folder`; returns its path.

    Raises OSError when it cannot be written.
    """
    files = {"report.json": record.model_dump_json(indent=1) + "\n"}
    return keep(folder, f"{record.started:%Y%m%dT%H%M%SZ}", files)
