"""report.html as people use it: filter, sort, open a host, with mouse and keyboard."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from rackwright.report.html import html
from rackwright.report.outcome import Outcome
from rackwright.report.record import RunRecord
from tests.replayed import replayed
from tests.unit.test_report_formats import NASTY, saying

Open = Callable[[RunRecord, str], Page]


@pytest.fixture
def opened(browser: BrowserContext, tmp_path: Path) -> Iterator[Open]:
    """Opens the page of a run; in the end, nothing was complained of and nobody was asked."""
    complaints: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: complaints.append(asked.url))
    file = tmp_path / "report.html"

    def opens(record: RunRecord, fragment: str = "") -> Page:
        file.write_text(html(record), encoding="utf-8")
        page.goto(f"{file.as_uri()}{fragment}")
        return page

    yield opens
    page.close()
    assert {each.partition("#")[0] for each in complaints} <= {file.as_uri(), "data:,"}


def names(page: Page) -> list[str]:
    """The hosts that are shown, in order."""
    shown = page.locator("#hosts > li:not([hidden])")
    return [str(name) for name in shown.evaluate_all("rows => rows.map(row => row.dataset.name)")]


def test_the_worst_stands_first_and_names_are_in_order(opened: Open) -> None:
    listed = names(opened(replayed(50), ""))
    assert listed[:3] == ["build-39", "web-28", "gpu-5"]
    assert listed.index("build-3") < listed.index("build-12")
    assert len(listed) == 50


def test_filter_by_words(opened: Open) -> None:
    page = opened(replayed(50), "")
    page.fill("#filter", "gpu failed")
    assert names(page) == []
    expect(page.locator("#none")).to_be_visible()
    page.fill("#filter", '"no space" build')
    assert names(page) == []
    page.fill("#filter", "FREE SPACE")
    assert names(page) == ["build-39"]
    expect(page.locator("#count")).to_have_text("1 of 50 hosts")
    page.keyboard.press("Escape")
    expect(page.locator("#count")).to_have_text("50 hosts")


def test_filter_by_outcome_and_by_what_is_counted(opened: Open) -> None:
    page = opened(replayed(50), "")
    page.click("[data-choose=failed]")
    page.click("[data-choose=unreachable]")
    assert names(page) == ["build-39", "web-28", "gpu-5"]
    expect(page.locator("[data-choose=failed]")).to_have_attribute("aria-pressed", "true")
    page.click("[data-choose=failed]")
    assert names(page) == ["gpu-5"]
    page.click("#clear")
    page.click("[data-word='20.10.24+dfsg1']")
    assert names(page) == ["gpu-2"]
    page.click("#clear")
    page.click("[data-word=drift]")
    assert len(names(page)) == 5


def test_sort_both_ways(opened: Open) -> None:
    page = opened(replayed(50), "")
    page.click("[data-sort=name]")
    assert names(page)[:2] == ["build-3", "build-6"]
    page.click("[data-sort=name]")
    assert names(page)[:2] == ["web-49", "web-46"]
    page.click("[data-sort=changes]")
    assert names(page)[0] == "gpu-2"
    page.click("[data-sort=time]")
    assert names(page)[0] == "web-22"
    assert names(page)[-1] == "gpu-5"
    expect(page.locator("[data-sort=time]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-sort=changes]")).to_have_attribute("aria-pressed", "false")


def test_one_click_opens_a_host(opened: Open) -> None:
    page = opened(replayed(50), "")
    page.click("#hosts [data-name=gpu-2] summary")
    host = page.locator("#hosts [data-name=gpu-2]")
    expect(host.get_by_text("/etc/apt/sources.list.d/docker.list", exact=True)).to_be_visible()
    expect(host.get_by_text("old-app", exact=True)).to_be_visible()
    page.click("[data-open=build-39]")
    failed = page.locator("#hosts [data-name=build-39]")
    expect(failed.locator("pre")).to_contain_text("Need to get 98.4 MB of archives.")
    assert page.url.endswith("#build-39")


def test_a_link_leads_to_a_host(opened: Open) -> None:
    page = opened(replayed(50), "#gpu-2")
    assert page.locator("#hosts details[open]").count() == 1
    expect(page.locator("#hosts [data-name=gpu-2] .changes")).to_be_visible()


def test_the_keyboard_is_enough(opened: Open) -> None:
    page = opened(replayed(50), "")
    page.keyboard.press("/")
    page.keyboard.type("web-28")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#hosts [data-name=web-28] .error")).to_be_visible()


def test_hosts_with_one_cause_are_shown_together(opened: Open) -> None:
    page = opened(replayed(200), "")
    page.locator(".wrong button").first.click()
    assert names(page) == ["build-78", "gpu-128", "web-28", "web-178"]


@pytest.mark.parametrize("words", NASTY[:-2])
def test_words_of_a_host_do_nothing(opened: Open, words: str) -> None:
    page = opened(saying(words), "")
    page.click("#hosts summary")
    page.click(".wrong button")
    page.click(".counts button >> nth=0")
    assert len(names(page)) == 1
    expect(page.locator("#hosts h4").first).to_have_text(words)


def test_a_script_that_is_not_ours_does_not_run(browser: BrowserContext, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(html(replayed(4)).replace("</main>", "<script>window.got = 1</script></main>"))
    page = browser.new_page()
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.className") == "js"
    assert page.evaluate("window.got") is None
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_read(opened: Open, scheme: str) -> None:
    """The contrast of each outcome's colour is at least that of WCAG 2.2, 1.4.3 (AA): 4.5."""
    page = opened(replayed(4), "")
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for outcome in Outcome:
        found = page.evaluate(CONTRAST, outcome.replace(" ", "-"))
        assert found >= 4.5, f"{outcome} in {scheme}: {found:.1f}"


CONTRAST = """name => {
  const probe = Object.assign(document.createElement("p"), { className: `badge ${name}` });
  document.querySelector("#hosts").append(probe);
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).map((each) => each / 255)
      .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const text = light(getComputedStyle(probe).color);
  const page = light(getComputedStyle(document.querySelector("#hosts")).backgroundColor);
  probe.remove();
  return (Math.max(text, page) + 0.05) / (Math.min(text, page) + 0.05);
}"""


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_runs_out_of_the_page(opened: Open, width: int) -> None:
    page = opened(replayed(50), "")
    page.set_viewport_size({"width": width, "height": 800})
    page.click("#hosts [data-name=gpu-2] summary")
    page.click("#hosts [data-name=build-39] summary")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
