"""Mirrors: what a host found, who is stale, what is used, and when they are tried out again."""

import json
from dataclasses import replace

import pytest

from rackwright.look.mirrors import Live, ProbedMirrors, judge, parse
from rackwright.look.observed import Observed, ProbeError
from rackwright.planning import plan
from rackwright.settings import Settings
from rackwright.steps.mirrors import choose, needs_probe
from tests.unit.states import BARE, after

A, B, C = "https://a.example", "https://b.example", "http://c.example:5000"
NEW, OLD = "sha256:new", "sha256:old"
HOST = replace(BARE, http_client=True)


def wanted(*mirrors: str, **more: object) -> Settings:
    """Settings with these mirrors."""
    return Settings.model_validate({"docker_registry_mirrors": mirrors, **more})


def remembering(settings: Settings, *answers: Live | str) -> Observed:
    """A converged host that found these answers when it tried the mirrors of the settings out."""
    mirrors = settings.docker_registry_mirrors or ()
    probed = ProbedMirrors(dict(zip(mirrors, answers, strict=True)))
    return after(settings, HOST, plan(settings, HOST, probed))


def test_the_answers_of_the_script() -> None:
    lines = [
        "Welcome",
        "@@rackwright-begin",
        "mirror 1 live 53 sha256:new",
        "mirror 2 failed manifest curl: (7) Failed to connect",
        "mirror 3 failed blob HTTP 403",
        "mirror 4 failed token timeout",
        "@@rackwright-end",
    ]
    assert parse(lines, (A, B, C, "https://d.example")) == {
        A: Live(53, NEW),
        B: "it is out of reach (curl: (7) Failed to connect)",
        C: "it answers HTTP 403 to whoever asks for a blob of library/hello-world",
        "https://d.example": "it hangs, a token for library/hello-world did not come within 10 s",
    }


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["@@rackwright-begin"],
        ["@@rackwright-begin", "@@rackwright-end"],
        ["@@rackwright-begin", "mirror 1 ", "@@rackwright-end"],
        ["@@rackwright-begin", "mirror 1 live soon sha256:new", "@@rackwright-end"],
    ],
)
def test_an_answer_that_cannot_be_read(lines: list[str]) -> None:
    with pytest.raises(ProbeError):
        parse(lines, (A,))


@pytest.mark.parametrize(
    ("digests", "reference", "chosen"),
    [
        ([NEW, NEW, OLD], None, (A, B)),
        ([NEW, OLD, OLD], None, (B, C)),
        ([NEW, OLD, OLD], NEW, (A,)),
        ([NEW, OLD], None, (A, B)),
        ([OLD], None, (A,)),
        ([OLD], NEW, ()),
        ([], NEW, ()),
    ],
)
def test_who_is_stale(digests: list[str], reference: str | None, chosen: tuple[str, ...]) -> None:
    answers: dict[str, Live | str] = {
        url: Live(speed, digest)
        for speed, (url, digest) in enumerate(zip((A, B, C), digests, strict=False))
    }
    verdict = judge(ProbedMirrors(answers, reference))
    assert verdict.chosen == chosen
    left_out = [note for note in verdict.notes if "is left out: it is stale" in note]
    assert len(left_out) == len(digests) - len(chosen)
    assert any("do not agree" in note for note in verdict.notes) is (digests == [NEW, OLD])
    assert any("Docker Hub itself" in note for note in verdict.notes) is (not chosen)


def test_the_fastest_is_first() -> None:
    verdict = judge(ProbedMirrors({A: Live(9, NEW), B: "it is out of reach", C: Live(1, NEW)}))
    assert verdict.chosen == (C, A)
    assert verdict.notes == (f"the mirror {B} is left out: it is out of reach",)


def test_mirrors_are_tried_out_when_they_are_new_and_not_again() -> None:
    settings = wanted(A, B)
    assert needs_probe(settings, HOST)
    host = remembering(settings, Live(1, NEW), "it is out of reach")
    assert not needs_probe(settings, host)
    assert plan(settings, host).changes == ()
    assert plan(settings, host).notes == (f"the mirror {B} is left out: it is out of reach",)


@pytest.mark.parametrize(
    "changed",
    [
        wanted(A),
        wanted(B, A),
        wanted(A, B, docker_insecure_registries=["b.example"]),
        wanted(A, B, docker_mirror_reference="https://hub.example"),
        wanted(A, B, docker_mirror_probe="always"),
    ],
)
def test_what_makes_a_host_try_them_out_again(changed: Settings) -> None:
    assert needs_probe(changed, remembering(wanted(A, B), Live(1, NEW), Live(2, NEW)))


@pytest.mark.parametrize(
    ("mirror", "insecure", "again"),
    [
        ("https://10.1.2.3:5000", ["10.0.0.0/8"], True),
        ("https://10.1.2.3:5000", ["10.1.2.3:5000"], True),
        ("https://10.1.2.3:5000", ["10.1.2.3", "11.0.0.0/8"], False),
        (A, ["other.example", "10.0.0.0/8"], False),
    ],
)
def test_a_mirror_is_insecure_where_dockerd_takes_it_for_one(
    mirror: str, insecure: list[str], again: bool
) -> None:
    host = remembering(wanted(mirror), Live(1, NEW))
    assert needs_probe(wanted(mirror, docker_insecure_registries=insecure), host) is again


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        (wanted(), HOST),
        (Settings(), HOST),
        (wanted(A, docker_mirror_probe=False), HOST),
        (wanted(A), BARE),
    ],
)
def test_who_is_not_asked_to_try_them_out(settings: Settings, host: Observed) -> None:
    assert not needs_probe(settings, host)
    assert choose(settings, host, None).used == settings.docker_registry_mirrors


@pytest.mark.parametrize("settings", [Settings(), wanted(), wanted(A, docker_mirror_probe=False)])
def test_what_is_not_tried_out_any_more_is_forgotten(settings: Settings) -> None:
    host = remembering(wanted(A), Live(1, NEW))
    forgetting = plan(settings, host)
    assert forgetting.mirrors and forgetting.mirrors.content is None
    assert plan(settings, after(settings, host, forgetting)).empty


@pytest.mark.parametrize("text", ["", "{", "[]", '{"asked": 1}'])
def test_a_memory_that_was_cut_short_is_no_memory(text: str) -> None:
    assert needs_probe(wanted(A), replace(HOST, mirrors_json=text))


def test_an_edit_by_hand_is_a_difference() -> None:
    host = remembering(wanted(A, B), Live(1, NEW), "it is out of reach")
    assert json.loads(host.daemon_json or "")["registry-mirrors"] == [A]
    edited = replace(host, daemon_json=json.dumps({"registry-mirrors": [A, B]}))
    again = plan(wanted(A, B), edited)
    assert again.daemon and json.loads(again.daemon.content)["registry-mirrors"] == [A]


def test_what_is_in_force_is_held_against_the_chosen_ones() -> None:
    host = remembering(wanted(A, B), Live(1, NEW), "it is out of reach")
    assert host.engine is not None
    other = replace(host, engine=replace(host.engine, registry_mirrors=(f"{A}/", f"{B}/")))
    service = plan(wanted(A, B), other).service
    assert service and service.action == "reload"


def test_who_is_a_little_faster_today_is_no_change() -> None:
    settings = wanted(A, B, docker_mirror_probe="always")
    host = remembering(settings, Live(1, NEW), Live(2, NEW))
    swapped = ProbedMirrors({A: Live(2, NEW), B: Live(1, NEW)})
    assert plan(settings, host, swapped).empty
    died = ProbedMirrors({A: "it is out of reach", B: Live(1, NEW)})
    change = plan(settings, host, died).changes[0]
    assert (change.before, change.after) == ("2 of 2 in use", "1 of 2 in use")


def test_with_all_dead_the_daemon_has_no_mirrors() -> None:
    died = ProbedMirrors({A: "it is out of reach"})
    first = plan(wanted(A), HOST, died)
    assert first.daemon and json.loads(first.daemon.content)["registry-mirrors"] == []
    assert first.notes[-1] == "no mirror can be used: the host pulls from Docker Hub itself"
