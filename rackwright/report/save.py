"""The files of a report."""

from pathlib import Path

from rackwright.report.html import html
from rackwright.report.junit import junit
from rackwright.report.markdown import markdown
from rackwright.report.place import keep
from rackwright.report.record import RunRecord


def save(record: RunRecord, folder: Path) -> Path:
    """Write the report of a run into a new folder below `folder`; returns its path.

    Raises OSError when it cannot be written.
    """
    files = {"report.json": record.model_dump_json(indent=1) + "\n", **rendered(record)}
    return keep(folder, f"{record.started:%Y%m%dT%H%M%SZ}", files)


def rendered(record: RunRecord) -> dict[str, str]:
    """What is made of report.json, by name of the file."""
    return {
        "report.md": markdown(record),
        "junit.xml": junit(record),
        "report.html": html(record),
    }


def render_again(record: RunRecord, folder: Path) -> None:
    """Make of a report's record again what is made of it. Raises OSError."""
    for name, text in rendered(record).items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
