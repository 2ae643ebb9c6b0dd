"""The forms of a list: table, JSON, CSV, and Docker's own Go templates."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from rackwright.report.text import plain

Row = Mapping[str, str]  # fields of Docker's JSON, and Host
FORMATS: Final = ("table", "json", "csv")


def is_template(form: str) -> bool:
    """Whether this is meant to be a Go template."""
    return "{{" in form


def for_host(template: str, host: str) -> str:
    """A template for the Docker of one host, which knows no {{.Host}}: there, the name stands.

    A JSON string is one of Go's too.
    """
    return re.sub(r"\{\{-?\s*\.Host\s*-?\}\}", lambda _: f"{{{{{json.dumps(host)}}}}}", template)


def text(rows: Sequence[Row], form: str) -> str:
    """The rows as JSON or CSV, with every field that Docker gives, the host's name in front."""
    if form == "json":
        return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    fields = dict.fromkeys(field for row in rows for field in row) or {"Host": None}
    written = io.StringIO()
    writer = csv.DictWriter(written, fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def table(rows: Sequence[Row], columns: Mapping[str, str]) -> Table:
    """The rows as a table: `columns` has Docker's fields by title."""
    shown = Table("host")
    for title in columns:
        right = title == "size"
        # Folded, not cut: an ID or a digest is there to be copied.
        shown.add_column(title, justify="right" if right else "left", overflow="fold")
    before = None
    for row in rows:
        if before not in (None, row["Host"]):
            shown.add_section()
        before = row["Host"]
        # Text takes a host's words as they are; a plain string would be read as markup.
        shown.add_row(*(Text(plain(row.get(field, ""))) for field in ("Host", *columns.values())))
    return shown
