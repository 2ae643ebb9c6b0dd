"""What is written down of our schemas: the table of settings in README.md, and that of reports.

`python -m rackwright.docs` writes both.
"""

import json
import re
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from rackwright.report.record import RunRecord
from rackwright.settings import Settings

README = Path(__file__).parents[1] / "README.md"
REPORT_SCHEMA = README.with_name("docs") / "report.schema.json"
MARKS = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- /settings -->)", re.DOTALL)


def settings_table() -> str:
    """A Markdown table with every setting, its default and its meaning."""
    rows = [
        f"| `{name}` | `{_shown(field.default)}` | {_meaning(field)} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows]) + "\n"


def with_settings_table(readme: str) -> str:
    """README.md's text with today's table between the marks."""
    return MARKS.sub(lambda _: settings_table(), readme)


def report_schema() -> str:
    """The JSON schema of report.json."""
    schema = RunRecord.model_json_schema(mode="serialization")
    return json.dumps(schema, indent=2) + "\n"


def _shown(default: Any) -> str:
    if isinstance(default, BaseModel):
        default = default.model_dump(exclude_defaults=True)
    return json.dumps(list(default) if isinstance(default, tuple) else default)


def _meaning(field: FieldInfo) -> str:
    annotation = field.annotation
    if get_origin(annotation) is tuple:
        annotation = get_args(annotation)[0]
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    listed = f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""
    return f"{field.description}{listed}"


if __name__ == "__main__":
    README.write_text(with_settings_table(README.read_text()))
    REPORT_SCHEMA.write_text(report_schema())
