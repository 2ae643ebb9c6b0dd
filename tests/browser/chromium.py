"""A Chromium without a window and with a profile of its own, for tests, pictures and benchmarks."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import BrowserContext, sync_playwright

from lab import tools

PROGRAM: Final = "chromium"
# Only what it is told to open goes anywhere; root needs --no-sandbox.
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[BrowserContext]:
    """A running Chromium. Installs Debian's where there is none.

    Raises LabError where that may not be done.
    """
    if tools.missing({PROGRAM: PROGRAM}):
        tools.install([PROGRAM])
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        browser = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=shutil.which(PROGRAM),
            args=list(FLAGS),
            headless=True,
            viewport={"width": 1280, "height": 900},
        )
        try:
            yield browser
        finally:
            browser.close()
