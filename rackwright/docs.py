"""What is written elsewhere too: the table of settings, the inventories, the schema of reports.

`python -m rackwright.docs` writes them all into README.md and docs/.
"""

import json
import re
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from rackwright.report.record import RunRecord
from rackwright.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
REPORT_SCHEMA = ROOT / "docs" / "report.schema.json"
# What stands between these is made: "settings", or a file of the project.
MARKS = re.compile(r"<!-- (settings|inventory/\w+\.py) -->\n.*?<!-- /\1 -->", re.DOTALL)


def settings_table() -> str:
    """A Markdown table with every setting, its default and its meaning."""
    rows = [
        f"| `{name}` | `{_shown(field.default)}` | {_meaning(field)} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows]) + "\n"


def made_anew(page: str) -> str:
    """A page's text with today's settings and inventories between its marks."""

    def anew(found: re.Match[str]) -> str:
        name = found[1]
        return f"<!-- {name} -->\n{_made(name)}<!-- /{name} -->"

    return MARKS.sub(anew, page)


def report_schema() -> str:
    """The JSON schema of report.json."""
    schema = RunRecord.model_json_schema(mode="serialization")
    return json.dumps(schema, indent=2) + "\n"


def _made(name: str) -> str:
    if name == "settings":
        return settings_table()
    # What the file says of itself, the page says in its own words.
    _, _, inventory = (ROOT / name).read_text().partition('"""\n\n')
    return f"```python\n{inventory}```\n"


def _shown(default: Any) -> str:
    if isinstance(default, BaseModel):
        default = default.model_dump(exclude_defaults=True)
    # As one writes it in an inventory.
    return repr(list(default) if isinstance(default, tuple) else default).replace("'", '"')


def _meaning(field: FieldInfo) -> str:
    annotation, how_many = field.annotation, "One"
    if get_origin(annotation) is tuple:
        annotation, how_many = get_args(annotation)[0], "Any"
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    listed = f" {how_many} of {', '.join(f'`{each}`' for each in choices)}." if choices else ""
    return f"{field.description}{listed}"


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(made_anew(page.read_text()))
    REPORT_SCHEMA.write_text(report_schema())
