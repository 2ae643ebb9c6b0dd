"""python -m bench.page: how long the report of 200 hosts takes to open and to filter in Chromium.

The hosts are recorded ones; see tests/replayed.py. Budgets: open within a second; filter and sort
at once, which is within 0.1 s (Nielsen, "Usability Engineering", 5.5).
"""

import tempfile
from datetime import date
from pathlib import Path
from typing import Final

from playwright.sync_api import BrowserContext

from bench.pages import save_page
from rackwright.report.html import html
from tests.browser.chromium import chromium
from tests.replayed import replayed

HOSTS: Final = 200
ROUNDS: Final = 9
BUDGETS: Final = {"open": 1000.0, "filter": 100.0, "sort": 100.0}  # milliseconds

# Until everything is laid out; drawing it is the screen's business.
LAID_OUT: Final = """() => {
  const began = performance.now();
  DO_IT;
  document.body.getBoundingClientRect();
  return performance.now() - began;
}"""
# Until the page is loaded and has been painted.
OPENED: Final = """() => new Promise(done => {
  const look = () => {
    const [page] = performance.getEntriesByType("navigation");
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    paint && page.loadEventEnd ? done(Math.max(page.loadEventEnd, paint.startTime))
      : requestAnimationFrame(look);
  };
  look();
})"""
FILTER: Final = """const words = document.querySelector("#filter");
words.value = "gpu"; words.dispatchEvent(new Event("input"))"""
SORT: Final = "document.querySelector('[data-sort=name]').click()"


def measure() -> dict[str, list[float]]:
    """Milliseconds of each round, by what was done. Raises LabError without a Chromium."""
    took: dict[str, list[float]] = {name: [] for name in BUDGETS}
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder) / "report.html"
        file.write_text(html(replayed(HOSTS)), encoding="utf-8")
        for number in range(ROUNDS + 1):
            seen = once(browser, file.as_uri())
            for name, value in seen.items() if number else ():  # the first one warms up
                took[name].append(value)
    return took


def once(browser: BrowserContext, address: str) -> dict[str, float]:
    """Open the page anew, filter and sort it."""
    page = browser.new_page()
    page.goto(address)
    opened = page.evaluate(OPENED)
    filtered, turned = (page.evaluate(LAID_OUT.replace("DO_IT", do)) for do in (FILTER, SORT))
    page.close()
    return {"open": opened, "filter": filtered, "sort": turned}


def main() -> None:
    """Measure, say what came out, and keep it."""
    took = measure()
    for name, budget in BUDGETS.items():
        # The fastest round is what the page costs; the others tell what else the machine did, as
        # Python's timeit has it.
        part = min(took[name]) / budget
        print(f"{name}: {'met' if part <= 1 else 'MISSED'}: {part:.2f} of the budget")
    today = date.today().isoformat()
    kept = {"hosts": HOSTS, "date": today, "budgets": BUDGETS, "milliseconds": took}
    save_page(kept)


if __name__ == "__main__":
    main()
