"""Reading and editing apt's source files: what is not Docker's survives byte for byte."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.packages.apt_sources import definitions, reads, without
from rackwright.packages.docker_sources import SOURCE, find, keyrings, left_of
from rackwright.settings import Settings
from rackwright.settings.packages import DOCKER_KEY_FINGERPRINT
from tests.unit.states import DOCKER_LINES, DOCKER_STANZAS, FOREIGN_LINES, FOREIGN_STANZAS

LIST = "/etc/apt/sources.list"
SOURCES = "/etc/apt/sources.list.d/x.sources"
OWN = Settings(docker_repo_url="http://m.example/d")


def dockers(uri: str, components: Sequence[str]) -> bool:
    """What goes in these tests."""
    return "docker" in uri


@given(st.lists(st.sampled_from(FOREIGN_LINES + DOCKER_LINES)))
def test_of_a_list_only_lines_of_docker_go(lines: list[str]) -> None:
    foreign = "".join(line for line in lines if line not in DOCKER_LINES)
    assert (left_of(LIST, "".join(lines), OWN) or "") == foreign


@given(st.lists(st.sampled_from(FOREIGN_STANZAS + DOCKER_STANZAS)))
def test_of_a_deb822_file_only_stanzas_of_docker_go(stanzas: list[str]) -> None:
    text = "\n".join(stanzas)
    left = "\n".join("" if stanza in DOCKER_STANZAS else stanza for stanza in stanzas)
    kept = left_of(SOURCES, text, OWN)
    assert kept == left if definitions(SOURCES, left) else kept is None
    assert find({SOURCES: kept or ""}, OWN) == {}


@given(st.sampled_from([LIST, SOURCES]), st.text())
def test_any_text_can_be_read_and_nothing_foreign_changes(path: str, text: str) -> None:
    definitions(path, text)
    assert without(path, text, lambda uri, components: False) == text


@given(st.text(alphabet="deb822:#URIs \t\r\n\x0c/.", max_size=60))
def test_what_is_taken_out_is_gone(text: str) -> None:
    for path in (LIST, SOURCES):
        left = without(path, text, lambda uri, components: True)
        assert definitions(path, left) == []
        assert [line for line in text.split("\n") if line.startswith("#")] == [
            line for line in left.split("\n") if line.startswith("#")
        ]


@pytest.mark.parametrize(
    ("line", "uri"),
    [
        ("deb [ arch=amd64   signed-by=/x ] http://a/x/ bookworm main # hi", "http://a/x/"),
        (' \tdeb-src "http://a/x" bookworm main#foo', "http://a/x"),
        ("deb http://a/x ./", "http://a/x"),
        ("deb\thttp://a/x\tbookworm\tmain\r\n", "http://a/x"),
        ("# deb http://a/x bookworm main", None),
        ("debug http://a/x bookworm main", None),
    ],
)
def test_a_line_as_apt_reads_it(line: str, uri: str | None) -> None:
    assert [each["uris"] for each in definitions(LIST, line)] == ([[uri]] if uri else [])


def test_a_stanza_as_apt_reads_it() -> None:
    text = (
        "# c1\nTypes: deb\n# inner\nURIs: http://a\n http://b\n#inner2\n\thttp://c\nsuites: x\n"
        "\n\n#Types: deb\n\r\nTypes: deb\r\nURIs:\r\n http://d\r\nSuites: ./\r\n"
    )
    assert definitions(SOURCES, text) == [
        {"types": ["deb"], "uris": ["http://a", "http://b", "http://c"], "suites": ["x"]},
        {"types": ["deb"], "uris": ["http://d"], "suites": ["./"]},
    ]


def test_a_line_with_a_blank_continues_a_stanza() -> None:
    text = "URIs: http://a\n \nTypes: deb\nURIs: http://b\n"
    assert definitions(SOURCES, text) == [{"uris": ["http://b"], "types": ["deb"]}]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("URIs: http://a http://docker http://b\n", "URIs: http://a http://b\n"),
        ("URIs:http://docker http://b\n", "URIs: http://b\n"),
        (
            "uris: http://a\n\thttp://docker\nX: http://docker\n",
            "uris: http://a\nX: http://docker\n",
        ),
        (
            "URIs: http://docker\n# http://docker\n http://b\n",
            "URIs:\n# http://docker\n http://b\n",
        ),
        ("URIs: http://a\n http://docker  http://b \n", "URIs: http://a\n  http://b \n"),
    ],
)
def test_one_uri_of_a_stanza_goes(before: str, after: str) -> None:
    assert without(SOURCES, before, dockers) == after


def test_comments_in_a_stanza_that_goes_stay() -> None:
    stanza = "# above\nURIs: http://docker\n# within\nSuites: x\n"
    assert without(SOURCES, stanza, dockers) == "# above\n# within\n"


def test_a_file_that_nobody_would_miss_goes() -> None:
    docker = DOCKER_LINES[0]
    extra = "/etc/apt/sources.list.d/extra.list"
    assert left_of(extra, f"# Docker, since 2021\n{docker}# {docker}", OWN) is None
    turned_off = "# deb http://archive.example/debian bookworm main\n"
    assert left_of(extra, turned_off + docker, OWN) == turned_off
    assert left_of(LIST, docker, OWN) == ""


def test_the_rest_of_our_own_file_stays_without_our_words() -> None:
    ours = "# Docker's package repository, written by Rackwright.\n" + DOCKER_STANZAS[0]
    assert left_of(SOURCE, ours, OWN) is None
    assert left_of(SOURCE, f"{ours}\n{FOREIGN_STANZAS[1]}", OWN) == f"\n{FOREIGN_STANZAS[1]}"


@pytest.mark.parametrize(
    ("name", "read"),
    [("docker.list", True), ("a_B-1.sources", True), ("my docker.list", False), (".x.list", False)],
)
def test_names_that_apt_reads(name: str, read: bool) -> None:
    assert reads(f"/etc/apt/sources.list.d/{name}") is read


def test_keyrings_with_docker_s_key_alone_and_those_that_may_serve_others() -> None:
    docker, company, other = DOCKER_KEY_FINGERPRINT, "1" * 40, "2" * 40
    trusted = {
        "both.gpg": frozenset({docker, company}),
        "company.asc": frozenset({company}),
        "docker.gpg": frozenset({docker}),
        "mixed.gpg": frozenset({docker, other}),
        "other.gpg": frozenset({other}),
        "none.gpg": frozenset[str](),
    }
    settings = Settings(docker_key_fingerprint=company)
    shared = ("both.gpg", "company.asc", "mixed.gpg")
    assert keyrings(trusted, settings) == (("docker.gpg",), shared)
