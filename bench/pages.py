"""Kept results, and the pages that show them: in full bench/README.md, in short README.md."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bench import report
from bench.cases import CASES
from bench.result import Result

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results"
PAGE: Final = RESULTS / "page-200.json"
FULL: Final = HERE / "README.md"
SHORT: Final = HERE.parent / "README.md"


def save(measured: Result) -> None:
    """Keep a result, and show it."""
    _write(RESULTS / f"{measured.name}.json", asdict(measured))


def save_page(measured: Mapping[str, Any]) -> None:
    """Keep what bench.page measured, and show it."""
    _write(PAGE, measured)


def _write(path: Path, kept: Mapping[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    path.write_text(json.dumps(kept, indent=2) + "\n")
    show()


def show() -> None:
    """Write both pages anew."""
    for page, text in made_anew().items():
        page.write_text(text)


def made_anew() -> dict[Path, str]:
    """Both pages with today's results between their marks."""
    results, page = saved(), json.loads(PAGE.read_text())
    return {
        FULL: report.into(FULL.read_text(), "results", report.markdown(results)),
        SHORT: report.into(SHORT.read_text(), "budgets", report.summary(results, page)),
    }


def saved() -> list[Result]:
    """The kept results, in the order of the cases."""
    paths = [RESULTS / f"{case.name}.json" for case in CASES]
    return [Result(**json.loads(path.read_text())) for path in paths if path.exists()]


if __name__ == "__main__":
    show()
