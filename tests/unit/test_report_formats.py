"""report.md, junit.xml and report.html say what report.json says, whatever a host's words are."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rackwright.report.glance import glance, rows, sentence, verdict
from rackwright.report.html import TEMPLATES, html, seconds
from rackwright.report.junit import junit
from rackwright.report.markdown import block, code, markdown
from rackwright.report.outcome import Outcome
from rackwright.report.record import (
    ChangeRecord,
    ContainerRecord,
    ErrorRecord,
    Facts,
    Gpu,
    HostRecord,
    RunRecord,
    StepRecord,
)
from rackwright.report.save import rendered
from rackwright.report.text import plain
from tests.replayed import STARTED, replayed

NASTY = (
    "</script><script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style></title></pre></details><!--",
    "]]><x/>",
    "a | b | c",
    "`` ``` ````",
    "![x](https://x.example) <https://x.example> [y](javascript:z) https://x.example www.x.example",
    "@everyone #1 **b** _i_ ~s~ &amp; &#64;",
    "{{ 7 * 7 }}{% for x in y %}",
    "\x1b[31mred\x1b[0m\x00\ud800",
    "--- \n# head\n- list\n```\n| a |\n|---|",
)
WORDS = st.one_of(
    st.sampled_from(NASTY), st.text(st.characters(exclude_categories=()), min_size=1)
).filter(lambda words: bool(str(plain(words)).split()))


def saying(words: str, outcome: Outcome = Outcome.FAILED) -> RunRecord:
    """A run in which everything that a host, or its settings, can say is these words."""
    change = ChangeRecord(
        task=words, what=words, before=words, after=words, reason=words, impact="restart",
        stops=(words,),
    )  # fmt: skip
    facts = Facts(
        distro=words, release=words, codename=words, architecture=words, engine=words,
        mirrors=(words,), gpus=(Gpu(name=words, driver=words),),
    )  # fmt: skip
    host = HostRecord(
        name=words,
        groups=(words,),
        outcome=outcome,
        summary=words,
        drifted=True,
        changes=(change,),
        notes=(words,),
        steps=(StepRecord(name=words, result="failed", seconds=1),),
        seconds=1,
        error=ErrorRecord(step=words, reason=words, output=(words, words)),
        facts=facts,
        containers=(ContainerRecord(name=words, image=words, state=words),),
    )
    return RunRecord(
        id=words, rackwright=words, command=words, inventory=words, who=words, where=words,
        started=STARTED, finished=STARTED + timedelta(seconds=1), hosts=(host,),
    )  # fmt: skip


class Page(HTMLParser):
    """The tags of a page with the names of their attributes, and all its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.values += [value or "" for _, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        """Keep the end of a tag."""
        self.tags.append((f"/{tag}", ()))

    def handle_comment(self, data: str) -> None:
        """There are none."""
        raise AssertionError(data)

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.texts.append(data)


def suite_of(record: RunRecord) -> Xml.Element:
    """The one suite of junit.xml."""
    (suite,) = Xml.fromstring(junit(record))  # noqa: S314  we wrote it
    return suite


HARMLESS = Page(html(saying("x"))).tags


@given(WORDS)
@example(NASTY[0])
@example(NASTY[1])
def test_words_of_a_host_make_no_tag_of_the_page(words: str) -> None:
    page = Page(html(saying(words)))
    assert page.tags == HARMLESS
    assert plain(words) in page.texts
    assert plain(words) in page.values
    (script,) = [text for text in page.texts if '"use strict"' in text]
    assert script == (TEMPLATES / "report.js").read_text()


@given(WORDS)
def test_words_of_a_host_are_text_in_xml(words: str) -> None:
    suite = suite_of(saying(words))
    (case,) = suite
    assert [each.tag for each in case] == ["error", "system-out"]
    # XML's own rule makes a blank of a newline in an attribute, unless it is written as &#10;.
    assert case.get("name") == plain(words)
    assert case[0].text == f"{plain(words)}\n{plain(words)}"


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _kinds(tokens: list[Token]) -> list[str]:
    return [token.type for token in tokens]


def _inline(tokens: list[Token]) -> set[str]:
    return {child.type for token in tokens for child in token.children or ()}


def _texts(tokens: list[Token], tag: str) -> list[str]:
    begins = [at for at, each in enumerate(tokens) if each.tag == tag and each.nesting > 0]
    inside = [tokens[at + 1] for at in begins]
    return ["".join(child.content for child in token.children or ()) for token in inside]


@given(WORDS)
@example(NASTY[4])
@example(NASTY[5])
@example(NASTY[10])
@example(">")
@example("1. x")
@example("+ x")
@example("=")
def test_words_of_a_host_make_no_markdown(words: str) -> None:
    told = MARKDOWN.parse(markdown(saying(words)))
    assert _kinds(told) == _kinds(MARKDOWN.parse(markdown(saying("x"))))
    assert _inline(told) <= {"text", "code_inline", "strong_open", "strong_close"}
    (output,) = [token.content for token in told if token.type == "fence"]
    assert output == f"{plain(words)}\n{plain(words)}\n"
    shown = " ".join(str(plain(words)).split())
    assert _texts(told, "h2") == [f"{shown}: failed"]
    assert _texts(told, "td") == [shown, "failed", shown, "1.0 s", shown]


def test_nobody_is_called_and_nothing_becomes_a_link() -> None:
    page = markdown(saying("@everyone https://x.example www.x.example #1"))
    beside = re.sub(r"`.*`|```text\n.*?\n```", "", page, flags=re.DOTALL)
    assert not re.search(r"@|://|www\.|(?<!\\)(?<!&)#\d", beside)


@given(st.text(alphabet="`a "))
def test_code_ends_where_it_ends(words: str) -> None:
    tokens = MARKDOWN.parse(f"{code(words)}\n\n{block([words])}")
    assert [token.content for token in tokens if token.type == "fence"] == [f"{words}\n"]
    if words.split():
        (line,) = [child for token in tokens for child in token.children or ()]
        assert line.type == "code_inline"
        assert line.content.strip() == " ".join(words.split())


@given(WORDS)
def test_words_of_a_host_come_back_from_json(words: str) -> None:
    record = saying(words)
    assert RunRecord.model_validate_json(record.model_dump_json()) == record


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_colour_a_shape_and_a_place(outcome: Outcome) -> None:
    slug = outcome.replace(" ", "-")
    page = html(saying("x", outcome))
    assert f'<symbol id="i-{slug}"' in page
    assert f"#i-{slug}" in page
    assert re.search(rf"\.{slug}\b[^{{]*{{ --tone", page)
    assert suite_of(saying("x", outcome)).get("tests") == "1"


def test_the_page_asks_nobody_for_anything() -> None:
    page = html(replayed(50))
    links = re.findall(r"""<[^>]*\b(?:src|href|srcset|action)=["']?([^"'\s>]+)""", page)
    assert {link for link in links if not link.startswith("#i-")} == {"data:,"}
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp|import\(", page)
    assert "default-src 'none'" in page


def test_the_fleet_at_a_glance() -> None:
    record = replayed(50)
    seen = glance(record.hosts)
    assert seen.outcomes == (
        (Outcome.FAILED, 2),
        (Outcome.UNREACHABLE, 1),
        (Outcome.CHANGED, 4),
        (Outcome.UNCHANGED, 43),
    )
    assert dict(seen.engines) == {"26.1.5+dfsg1": 43, "no engine": 4, "20.10.24+dfsg1": 1}
    assert sum(hosts for _, hosts in seen.mirrors) == 43
    assert seen.gpus == (("NVIDIA A100-SXM4-40GB", 32),)
    assert (seen.drifted, seen.compared) == (5, 48)
    assert seen.times[0].task == "Engine"
    assert seen.times[0].slowest >= seen.times[0].median > 0
    assert [cause.hosts for cause in seen.causes] == [("web-28",), ("build-39",), ("gpu-5",)]
    assert verdict(record) == "3 of 50 hosts need you"
    assert sentence(record).startswith("50 hosts: 43 unchanged, 4 changed, 2 failed, 1 unreach")


def test_hosts_with_the_same_reason_are_told_together() -> None:
    causes = glance(replayed(200).hosts).causes
    assert [(len(cause.hosts), cause.outcome) for cause in causes] == [
        (4, Outcome.FAILED),
        (4, Outcome.FAILED),
        (4, Outcome.UNREACHABLE),
    ]
    assert "<b>4 hosts</b>" in html(replayed(200))


def test_a_host_that_was_not_asked_is_in_the_report_and_not_in_the_table() -> None:
    record = replayed(2)
    unasked = HostRecord(name="z", outcome=Outcome.NOT_ASKED)
    record = record.model_copy(update={"hosts": (*record.hosts, unasked)})
    assert [row.host for row in rows(record)] == ["web-1", "gpu-2"]
    assert suite_of(record).get("skipped") == "1"
    assert all(
        ">z" in text or "| z |" in text or '"z"' in text for text in rendered(record).values()
    )


def test_what_drifted_is_a_failure_for_ci() -> None:
    case = suite_of(saying("x", Outcome.DRIFTED))[0]
    assert case[0].tag == "failure"


def test_the_page_of_a_large_fleet_stays_small() -> None:
    """What opening a page costs is what is in it; seconds are the benchmark's business."""
    page = html(replayed(200))
    assert len(page) < 600_000
    assert len(Page(page).tags) < 40_000


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (10, "10 s"), (59.4, "59 s"), (59.6, "1 min 0 s")],
)
def test_durations(value: float, shown: str) -> None:
    assert seconds(value) == shown
    assert seconds(value + 180).startswith(("3 min", "4 min"))
