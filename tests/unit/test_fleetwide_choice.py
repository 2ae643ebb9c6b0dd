"""What goes from a host, and what must not."""

import json

import pytest

from rackwright.fleetwide.choice import Choice, Unneeded, containers, images, unneeded
from rackwright.fleetwide.removals import removal_shell, summary
from rackwright.fleetwide.survey import Container, Image, Survey, Unused, parse_survey

APP = Image("sha256:aaaa11", ("app:1", "lab:5000/x/app:2"), ("app@sha256:d1",), 5_000_000, 50)
BASE = Image("sha256:bbbb22", ("debian:12",), ("other@sha256:d2",), 2_000_000, 900)
OLD = Image("sha256:cccc33", (), (), 1_000_000, 500)
LAYER = Image("sha256:dddd44", (), (), 1_000_000, 500)
WEB = Container("1234abcd", "web", APP.id, "running", 40)
GONE = Container("12ff0000", "gone", BASE.id, "exited", 300)
ANONYMOUS = "a" * 64
HOST = Survey(
    containers=(WEB, GONE),
    images={each.id: each for each in (APP, BASE, OLD, LAYER)},
    top=frozenset({APP.id, BASE.id, OLD.id}),
    dangling=frozenset({OLD.id}),
    networks=(Unused("lone", 100),),
    volumes=(Unused(ANONYMOUS, 100), Unused("data", 100)),
    cache="1.2GB (50%)",
    named={
        "docker.io/library/debian:12": BASE.id,
        "app@sha256:d1": APP.id,
        "app:1": APP.id,
        "aaaa": APP.id,
        "cccc": OLD.id,
    },
)


def words(choice: Choice) -> list[tuple[str, ...]]:
    """What is said to Docker of each thing that goes."""
    return [each.words for each in choice.removals]


def test_containers_are_found_by_name_or_by_an_id_that_is_one_s_own() -> None:
    assert words(containers(HOST, ["gone"], False)) == [(GONE.id,)]
    assert words(containers(HOST, ["12ff", "gone"], False)) == [(GONE.id,)]
    assert containers(HOST, ["12"], False).missing == ("12",)
    assert containers(HOST, ["nowhere"], False) == Choice(missing=("nowhere",))


def test_a_container_named_like_the_id_of_another_is_meant_by_it() -> None:
    tricky = Container("ffff", "1234abcd", OLD.id, "exited", 0)
    host = Survey(containers=(WEB, tricky))
    assert words(containers(host, ["1234abcd"], False)) == [("ffff",)]


@pytest.mark.parametrize("status", ["running", "paused", "restarting"])
def test_what_runs_is_not_removed_without_force(status: str) -> None:
    host = Survey(containers=(Container("1", "web", "", status, 0),))
    assert containers(host, ["web"], False).refusals == (
        f"web is {status}; stop it first (rackwright stop), or add --force",
    )
    assert not containers(host, ["web"], True).refusals


def test_an_image_with_names_left_is_untagged() -> None:
    (removal,) = images(HOST, ["app:1"], False).removals
    assert (removal.words, removal.note) == (("app:1",), "untagged; stays as lab:5000/x/app:2")


@pytest.mark.parametrize(
    ("names", "gone"),
    [
        (["aaaa"], [("app:1", "lab:5000/x/app:2")]),
        (["app:1", "aaaa"], [("app:1", "lab:5000/x/app:2")]),
        (["cccc"], [("sha256:cccc33",)]),
        (["docker.io/library/debian:12"], [("debian:12",)]),
        (["app@sha256:d1"], [("app@sha256:d1",)]),
        (["nowhere"], []),
    ],
)
def test_an_id_is_all_names_and_a_name_is_one(
    names: list[str], gone: list[tuple[str, ...]]
) -> None:
    assert words(images(HOST, names, True)) == gone


def test_a_digest_of_another_repository_is_a_name_too() -> None:
    (removal,) = images(HOST, ["docker.io/library/debian:12"], False).removals
    assert removal.note == "untagged; stays as other@sha256:d2"


def test_a_used_image_is_deleted_only_by_force() -> None:
    assert images(HOST, ["aaaa"], False).refusals == (
        "app:1, lab:5000/x/app:2 is used by the containers web; remove those first "
        "(rackwright rm), or add --force",
    )
    assert not images(HOST, ["aaaa"], True).refusals
    assert not images(HOST, ["app:1"], False).refusals


@pytest.mark.parametrize(
    ("asked", "gone"),
    [
        (Unneeded(containers=True), [(GONE.id,)]),
        (Unneeded(images=True), [(OLD.id,)]),
        (Unneeded(unused_images=True), [(OLD.id,)]),
        # With the stopped container goes what held its image.
        (
            Unneeded(containers=True, unused_images=True),
            [(GONE.id,), (OLD.id,), ("debian:12", "other@sha256:d2")],
        ),
        (Unneeded(networks=True), [("lone",)]),
        (Unneeded(volumes=True), [(ANONYMOUS,)]),
        (Unneeded(named_volumes=True), [("data",)]),
        (Unneeded(build_cache=True), [()]),
        (Unneeded(True, True, True, True, True, True, older_than=1000), []),
        (Unneeded(containers=True, unused_images=True, older_than=301), [(OLD.id,)]),
        (Unneeded(), []),
    ],
)
def test_only_what_nothing_uses_and_what_was_asked_for_goes(
    asked: Unneeded, gone: list[tuple[str, ...]]
) -> None:
    assert words(unneeded(HOST, asked)) == gone


def test_removal_is_of_these_things_containers_first() -> None:
    every = Unneeded(True, True, True, True, True, True, True)
    shell = removal_shell(
        reversed(unneeded(HOST, every).removals), {"build cache": ["--filter=until=60s"]}
    )
    assert shell.splitlines() == [
        "code=0",
        f"docker rm -- {GONE.id} || code=$?",
        f"docker rmi -- debian:12 other@sha256:d2 {OLD.id} || code=$?",
        "docker network rm -- lone || code=$?",
        f"docker volume rm -- data {ANONYMOUS} || code=$?",
        "docker builder prune --force --filter=until=60s || code=$?",
        "exit $code",
    ]
    assert summary(unneeded(HOST, every).removals) == (
        "1 container, 2 images, 1 network, 2 volumes, build cache"
    )


def test_a_survey_is_read_as_both_engines_write_it() -> None:
    image: dict[str, object] = {"id": "sha256:aa", "tags": None, "digests": [], "size": 7}
    created = "2023-11-14T22:13:20.123456789Z"
    container = {"id": "12", "name": "/web", "image": "sha256:aa", "status": "exited"}
    rows = [
        {"kind": "now", "seconds": 1700000100},
        {"kind": "container", "created": created, **container},
        {"kind": "image", "created": "0001-01-01T00:00:00Z", **image},
        {"kind": "top", "id": "sha256:aa"},
        {"kind": "volume", "name": "data", "created": "2023-11-15T06:13:20+08:00"},
        {"kind": "cache", "found": {"Images": None, "BuildCache": [part(True), part(shared=True)]}},
        {"kind": "named", "number": 1, "id": "sha256:aa"},
    ]
    lines = [*map(json.dumps, rows), ""]
    survey = parse_survey(lines, ["missing", "aa"])
    assert survey.containers[0].name == "web"
    assert survey.containers[0].age == pytest.approx(100, abs=1)
    assert survey.volumes == (Unused("data", 100),)
    assert survey.images["sha256:aa"].age > 60 * 10**9
    assert survey.images["sha256:aa"].references == ()
    assert survey.named == {"aa": "sha256:aa"}
    assert not unneeded(survey, Unneeded(build_cache=True)).removals
    free = {"kind": "cache", "found": {"BuildCache": [part(), part(True)]}}
    found = parse_survey(map(json.dumps, [rows[0], free]), [])
    assert unneeded(found, Unneeded(build_cache=True)).removals[0].note == "up to 7kB"
    empty = {"kind": "cache", "found": {"BuildCache": None}}
    assert parse_survey(map(json.dumps, [rows[0], empty]), []).cache == "0B"


def part(in_use: bool = False, shared: bool = False) -> dict[str, object]:
    """A part of a build cache, as the daemon's API tells it."""
    return {"ID": "x", "Size": 7000, "InUse": in_use, "Shared": shared}
