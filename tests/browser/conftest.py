"""One browser for all tests of a process."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext

from lab.shell import LabError
from tests.browser.chromium import chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[BrowserContext]:
    """A Chromium without a window; whoever may not install one does without these tests."""
    try:
        with chromium() as running:
            yield running
    except LabError as error:
        pytest.skip(str(error))
