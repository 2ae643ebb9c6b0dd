"""The pictures of README.md and docs/: python -m tests.browser.pictures, or `make pictures`.

They show a fleet of recorded hosts; see tests/replayed.py for what is simulated.
"""

import io
import re
import tempfile
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import BrowserContext
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from lab import tools
from rackwright.report.glance import rows, sentence
from rackwright.report.html import html
from rackwright.report.record import RunRecord
from rackwright.report.table import outcome_table
from tests.browser.chromium import chromium
from tests.replayed import replayed

DOCS: Final = Path(__file__).parents[2] / "docs"
FONT: Final = Path("/usr/share/fonts/opentype/inter")
# Of fifty hosts, one of each kind.
SHOWN: Final = ("web-1", "gpu-2", "gpu-5", "web-10", "web-28", "web-34", "build-39")


def terminal(record: RunRecord) -> str:
    """The end of a run on a terminal, as an SVG that asks nobody for a font."""
    console = Console(record=True, width=118, file=io.StringIO(), force_terminal=True)
    console.print(f"[bold green]$[/] {record.command}\n", highlight=False)
    console.print(outcome_table(rows(record)))
    console.print(sentence(record), highlight=False)
    console.print("Report: reports/20261125T030012Z", highlight=False)
    alone = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="rackwright", code_format=alone, unique_id="rackwright")


def picture(browser: BrowserContext, record: RunRecord, scheme: Literal["light", "dark"]) -> bytes:
    """The upper part of the page, and a host that failed."""
    page = browser.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 1200, "height": 1180})
    with tempfile.NamedTemporaryFile("w", suffix=".html") as file:
        file.write(html(record))
        file.flush()
        page.goto(Path(file.name).as_uri())
        shot = page.screenshot()
    page.close()
    return shot


def main() -> None:
    """Make all pictures."""
    if not FONT.exists():
        tools.install(["fonts-inter"])
    fleet = replayed(50)
    some = tuple(host for host in fleet.hosts if host.name in SHOWN)
    (DOCS / "terminal.svg").write_text(terminal(fleet.model_copy(update={"hosts": some})))
    with chromium() as browser:
        (DOCS / "report-light.png").write_bytes(picture(browser, fleet, "light"))
        (DOCS / "report-dark.png").write_bytes(picture(browser, fleet, "dark"))


if __name__ == "__main__":
    main()
