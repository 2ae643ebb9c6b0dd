"""Images: which are pulled, loaded, tagged, taken off and pruned, and which never are."""

import base64
import gzip
import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.change import Change
from rackwright.host.error import RefusedError
from rackwright.laptop.archives import ArchivedImage, ArchiveError, read_archive, with_archives
from rackwright.laptop.registry import digest_of
from rackwright.lock.images import with_locked_images
from rackwright.look.answer import parse
from rackwright.look.gpu import Gpus
from rackwright.look.image_probe import images_look
from rackwright.look.images import CacheRecord, Image, Images, User, parse_images
from rackwright.look.observed import ProbeError
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.settings import Settings, SettingsError, parse_settings
from rackwright.settings.images import Prune
from rackwright.steps.prune import names_to_remove, prune_step
from tests.unit.gpus import NEW
from tests.unit.states import BARE
from tests.unit.test_observed import recorded

DAY = 86400.0
HOST = parse(recorded("converged-debian12"))
SHA = {name: f"sha256:{name * 64}" for name in "abcdef"}
DEBIAN = Image(SHA["a"], frozenset({"debian:12"}), frozenset({f"debian@{SHA['a']}"}), size=2000)
APP = Image(SHA["b"], frozenset({"app:1", "app:2"}), size=3000)
OLD = Image(SHA["c"], digests=frozenset({f"debian@{SHA['c']}"}), size=4000)


def settings(*images: Any, **more: Any) -> Settings:
    """Settings of the recorded host, with these images."""
    return Settings.model_validate({"docker_hold": False, "docker_images": images, **more})


def planned(wanted: Settings, *found: Image, **more: Any) -> Plan:
    """The plan of a host that has these images."""
    return plan(wanted, replace(HOST, images=Images(now=100 * DAY, found=found, **more)))


def said(changes: Sequence[Change]) -> list[str]:
    """Changes in a line each."""
    return [f"{each.what}: {each.before} -> {each.after}" for each in changes]


def test_a_missing_image_is_pulled_and_gets_its_tags() -> None:
    step = planned(settings({"name": "debian:12", "tags": ["base"]})).images
    assert step
    assert (step.pulls, step.tags) == (("debian:12",), (("debian:12", "base:latest"),))
    assert said(step.changes) == [
        "debian:12: absent -> pulled",
        "base:latest: absent -> tag of debian:12",
    ]


def test_on_a_bare_host_everything_is_missing() -> None:
    step = plan(settings("debian:12", {"name": "app:1", "state": "absent"}), BARE).images
    assert step and step.pulls == ("debian:12",)
    assert step.removals == ()


@pytest.mark.parametrize("name", ["debian:12", f"debian@{SHA['a']}"])
def test_what_is_there_is_left_alone_wherever_its_tag_is_upstream(name: str) -> None:
    moved = {"upstream": {"debian:12": SHA["f"]}} if "@" not in name else {}
    assert planned(settings(name), DEBIAN).images is None
    assert planned(settings(name, docker_image_refresh=True), DEBIAN).images is None
    moved_step = planned(settings(name), DEBIAN, **moved).images
    assert (moved_step is None) == ("@" in name)


def locked(*images: Any, **more: Any) -> Settings:
    """Settings with a lock that has a digest for debian:12."""
    return with_locked_images(settings(*images, **more), {"debian:12": SHA["a"]})


def test_a_locked_image_is_right_by_its_digest_alone() -> None:
    image = {"name": "debian:12", "tags": ["base"]}
    based = replace(DEBIAN, tags=DEBIAN.tags | {"base:latest"})
    assert planned(locked(image), based).images is None
    moved = replace(APP, tags=frozenset({"debian:12"}), digests=frozenset({f"debian@{SHA['e']}"}))
    pinned = f"debian@{SHA['a']}"
    for found, before in ((moved, SHA["e"][:19]), (OLD, "absent")):
        step = planned(locked(image), found).images
        assert step
        assert (step.pulls, step.pins) == ((), ((pinned, "debian:12"),))
        assert step.tags == (("debian:12", "base:latest"),)
        assert said(step.changes) == [
            f"debian:12: {before} -> {SHA['a'][:19]}",
            "base:latest: absent -> tag of debian:12",
        ]
        assert pinned in planned(locked(image), found).hub_pulls


def test_a_locked_image_does_not_follow_its_tag() -> None:
    wanted = locked("debian:12", docker_image_refresh=True)
    assert "#debian:12" not in images_look(wanted)
    assert "#debian:12" in images_look(settings("debian:12", docker_image_refresh=True))
    # What the lock does not have is as without a lock.
    assert planned(locked("app:1"), APP).images is None


def test_a_tag_is_asked_for_only_on_request() -> None:
    images = ["debian:12", f"debian@{SHA['a']}", {"name": "x", "state": "absent"}]
    assert "docker.io" not in images_look(settings(*images))
    assert "index.docker.io/v1/#debian:12 " in images_look(
        settings(*images, docker_image_refresh=True)
    ).replace("'", " ")
    assert images_look(Settings()) == ""


def test_a_moved_tag_takes_its_other_tags_along_and_leaves_a_dangling_image() -> None:
    wanted = settings(
        {"name": "debian:12", "tags": ["base"]},
        docker_image_refresh=True,
        docker_prune={"dangling": True},
    )
    there = replace(DEBIAN, tags=DEBIAN.tags | {"base:latest"})
    after = planned(wanted, there, upstream={"debian:12": SHA["f"]})
    assert after.images and after.prune
    assert said(after.images.changes)[0] == "debian:12: sha256:aaaaaaaaaaaa -> sha256:ffffffffffff"
    assert after.images.tags == (("debian:12", "base:latest"),)
    assert [image.id for image in after.prune.images] == [DEBIAN.id]
    assert names_to_remove(after.prune.images[0]) == (f"debian@{SHA['a']}",)
    used = User("web", DEBIAN.id, running=True)
    spared = planned(wanted, there, upstream={"debian:12": SHA["f"]}, containers=(used,))
    assert spared.prune is None


def test_a_registry_that_does_not_answer_leads_to_a_pull_and_to_no_pruning() -> None:
    wanted = settings("debian:12", docker_image_refresh=True, docker_prune={"dangling": True})
    step = planned(wanted, DEBIAN, silent={"debian:12": "unauthorized"})
    assert step.images and step.images.pulls == ("debian:12",)
    assert "does not say if it moved: unauthorized" in step.images.changes[0].reason
    assert step.prune is None


def test_the_last_name_of_an_image_in_use_is_not_taken_off() -> None:
    web, old = User("web", APP.id, True), User("old", APP.id, False)
    one = {"name": "app:1", "state": "absent"}
    step = planned(settings(one), APP, containers=(web, old)).images
    assert step and step.changes[0].after == "untagged, the image stays"
    both = [one, {"name": "app:2", "state": "absent"}]
    with pytest.raises(RefusedError, match=r"app:1 is to go, .* use it: web, old \(stopped\); rem"):
        planned(settings(*both), APP, containers=(web, old))
    forced = planned(settings(*({**each, "force": True} for each in both)), APP, containers=(web,))
    assert forced.images and "web keep using it" in forced.images.changes[1].reason
    free = planned(settings(*both), APP).images
    assert free and {change.after for change in free.changes} == {"removed"}


def archive(path: Path, *names: str | None, config: bytes = b"{}", index: str = "") -> Path:
    """A file as docker save writes it, with an image for each name."""
    entries = [{"Config": "c.json", "RepoTags": [name] if name else None} for name in names]
    files = {"manifest.json": json.dumps(entries).encode(), "c.json": config}
    if index:
        files["index.json"] = json.dumps({"manifests": [{"digest": index}]}).encode()
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def from_file(path: Path, name: str = "app:1") -> Settings:
    """Settings with an image from this file, read."""
    return with_archives({"host": settings({"name": name, "file": str(path)})})["host"]


@pytest.mark.parametrize("name", ["image.tar", "image.tar.gz"])
def test_an_image_from_a_file_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / name, "docker.io/library/app:1", index=SHA["d"])
    wanted = from_file(path)
    (image,) = wanted.docker_images
    assert isinstance(image, ArchivedImage)
    assert image.ids == {digest_of(b"{}"), SHA["d"]}
    assert digest_of(b"{}") in images_look(wanted)
    step = planned(wanted).images
    assert step and step.loads == (image,)
    for there in image.ids:
        assert planned(wanted, Image(there, frozenset({"app:1"}))).images is None
    pruned = wanted.model_copy(update={"docker_prune": Prune(dangling=True)})
    after = planned(pruned, APP, Image(SHA["d"]))
    other = after.images
    assert other and other.tags == ((SHA["d"], "app:1"),)
    assert after.prune is None
    assert said(other.changes) == ["app:1: another image (bbbbbbbbbbbb) -> tag of dddddddddddd"]


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="holds other:1, and not app:1; give it the name"):
        read_and_raise(archive(tmp_path / "other.tar", "other:1"))
    with pytest.raises(ArchiveError, match="holds 2 images; save one in a file"):
        read_archive(archive(tmp_path / "two.tar", "a:1", "b:1"))
    (tmp_path / "text.tar").write_text("hello")
    with pytest.raises(ArchiveError, match="is not what `docker save` writes"):
        read_archive(tmp_path / "text.tar")
    archive(tmp_path / "cut.tar", "app:1", config=b"x" * 4096)
    (tmp_path / "cut.tar").write_bytes((tmp_path / "cut.tar").read_bytes()[:2000])
    with pytest.raises(ArchiveError, match="is not what `docker save` writes"):
        read_archive(tmp_path / "cut.tar")
    fleet = {name: settings({"name": "app:1", "file": "/nowhere.tar"}) for name in ("a", "b")}
    with pytest.raises(SettingsError) as raised:
        with_archives(fleet)
    assert [sentence.split(":")[0] for sentence in raised.value.errors] == ["a", "b"]
    sentence = "docker_images.0.file: /nowhere.tar cannot be read: No such file or directory"
    assert sentence in raised.value.errors[0]


def read_and_raise(path: Path) -> None:
    """The one error of a file, as it is."""
    try:
        from_file(path)
    except SettingsError as error:
        raise ArchiveError(str(error)) from None


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"docker_images": ["Debian"]}, "docker_images.0.name: write NAME:TAG, HOST:PORT"),
        ({"docker_images": ["a", "docker.io/library/a:latest"]}, "a:latest stands there twice"),
        ({"docker_images": [{"name": "a", "tags": ["b"]}, "b"]}, "b:latest stands there twice"),
        ({"docker_images": [{"name": "a", "force": True}]}, "force is for images that go"),
        ({"docker_images": [{"name": "a", "state": "absent", "tags": ["b"]}]}, "tags and file are"),
        ({"docker_images": [{"name": f"a@{SHA['a']}", "file": "x"}]}, "from a file has a tag"),
        ({"docker_images": [{"name": "a", "tag": "b"}]}, "docker_images.0.tag: there is no such k"),
        ({"docker_prune": {"older_than": "10d"}}, 'write hours, minutes and seconds, such as "240'),
        ({"docker_prune": {"older_than": ""}}, "write hours, minutes and seconds"),
        ({"docker_prune": {"all": True}}, "docker_prune.all: there is no such key"),
    ],
)
def test_settings_that_are_wrong(data: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        parse_settings(data)


def going(prune: dict[str, Any], *found: Image, **more: Any) -> set[str]:
    """IDs of the images that are pruned beside debian:12, which is wanted."""
    step = planned(settings("debian:12", docker_prune=prune), DEBIAN, *found, **more).prune
    return {image.id for image in step.images} if step else set()


def test_what_is_pruned() -> None:
    hello = Image(SHA["d"], frozenset({"hello-world:latest"}))
    part = Image(SHA["e"])
    built = Image(SHA["f"], frozenset({"built:1"}), parent=part.id)
    everything = (APP, OLD, hello, part, built)
    assert going({}, *everything) == set()
    assert going({"older_than": "1h"}, *everything) == set()
    assert going({"dangling": True}, *everything) == {OLD.id}
    assert going({"unused": True}, *everything) == {OLD.id, APP.id, built.id}
    used = User("stopped", APP.id, running=False)
    assert going({"unused": True}, *everything, containers=(used,)) == {OLD.id, built.id}
    young = replace(OLD, since=99.5 * DAY)
    assert going({"dangling": True, "older_than": "24h"}, young) == set()
    assert going({"dangling": True, "older_than": "11h30m"}, young) == {OLD.id}


@pytest.mark.parametrize(("state", "stays"), [("running", True), ("absent", False)])
def test_the_image_of_a_container_to_be_made_is_not_pruned(state: str, stays: bool) -> None:
    (name,) = sorted(APP.names)[:1]
    containers = {"web": {"image": name, "state": state}}
    wanted = settings(docker_prune={"unused": True}, docker_containers=containers)
    host = replace(HOST, images=Images(now=DAY, found=(APP,)))
    assert (prune_step(wanted, host, None) is None) is stays


@pytest.mark.parametrize(
    ("gpus", "data", "stays"),
    [
        (NEW, {"gpu_toolkit_version": "latest"}, True),
        (NEW, {"gpu_toolkit_version": "latest", "gpu_image": "debian:12"}, False),
        # Nobody would pull it: no toolkit, no GPU, no check.
        (NEW, {}, False),
        (None, {"gpu_toolkit_version": "latest"}, False),
        (NEW, {"gpu_toolkit_version": "latest", "docker_verify": "never"}, False),
    ],
)
def test_the_image_that_shows_the_gpus_is_not_pruned(
    gpus: Gpus | None, data: dict[str, Any], stays: bool
) -> None:
    image = Image(SHA["d"], frozenset({"ubuntu:24.04"}))
    host = replace(HOST, gpus=gpus, images=Images(now=DAY, found=(image,)))
    wanted = settings(docker_prune={"unused": True}, **data)
    assert (prune_step(wanted, host, None) is None) is stays


@pytest.mark.parametrize("used", [True, False])
def test_what_an_image_in_use_stands_on_stays(used: bool) -> None:
    part, built = Image(SHA["e"]), Image(SHA["f"], frozenset({"built:1"}), parent=SHA["e"])
    users = (User("web", built.id, running=True),) if used else ()
    wanted = settings(
        {"name": "built:1", "state": "absent", "force": True}, docker_prune={"dangling": True}
    )
    after = planned(wanted, part, built, containers=users)
    assert after.images
    assert (after.prune is None) == used


def test_names_go_before_the_image() -> None:
    other = f"r.example/x@{SHA['b']}"
    image = Image(SHA["b"], frozenset({"b:1", "a:1"}), frozenset({f"a@{SHA['b']}", other}))
    assert names_to_remove(image) == ("a:1", "b:1", other)
    assert names_to_remove(Image(SHA["b"])) == (SHA["b"],)


def test_cache_that_younger_cache_stands_on_stays() -> None:
    def record(name: str, *parents: str, age: float = 10, in_use: bool = False) -> CacheRecord:
        return CacheRecord(name, frozenset(parents), 5, in_use, (100 - age) * DAY)

    cache = (record("base"), record("middle", "base", "gone"), record("top", "middle", age=1))
    wanted = settings(docker_prune={"build_cache": True, "older_than": "72h"})
    assert planned(wanted, cache=cache).prune is None
    step = planned(wanted, cache=(*cache, record("alone"))).prune
    assert step and said(step.changes) == ["build cache: 1 part, 5 bytes -> removed"]
    all_of_it = planned(settings(docker_prune={"build_cache": True}), cache=cache).prune
    assert all_of_it and "3 parts, 15 bytes" in said(all_of_it.changes)[0]
    busy = (record("base"), record("busy", "base", in_use=True))
    assert planned(settings(docker_prune={"build_cache": True}), cache=busy).prune is None


def packed(value: Any) -> str:
    """As image_probe.sh packs what Docker answers."""
    return base64.b64encode(gzip.compress(json.dumps(value).encode())).decode()


def test_the_answer_of_a_host() -> None:
    told = {
        "Id": SHA["a"],
        "RepoTags": ["debian:12"],
        "RepoDigests": [f"debian@{SHA['a']}"],
        "Created": "1970-01-02T00:00:00.123456789Z",
        "Metadata": {"LastTagTime": "0001-01-01T00:00:00Z"},
        "Size": 2000,
    }
    record = {"ID": "x", "Size": 5, "InUse": False, "CreatedAt": "1970-01-02T00:00:00Z"}
    digest = base64.b64encode(json.dumps({"Descriptor": {"digest": SHA["f"]}}).encode()).decode()
    refused = base64.b64encode(b'{"message": "unauthorized"}').decode()
    lines = [
        "images_asked yes",
        f"images_container {SHA['a']} true /web",
        f"images_found {packed([told])}",
        f"images_cache {packed({'BuildCache': [{**record, ' Parents': ['y']}]})}",
        f"images_upstream debian:12 {digest}",
        f"images_upstream app:1 {refused}",
        "images_upstream late:1",
        "images_now 8640000",
    ]
    answer = recorded("converged-debian12")
    images = parse([*answer[:-1], *lines, answer[-1]]).images
    assert images is not None
    (image,) = images.found
    assert replace(image, since=0) == DEBIAN
    assert image.since == pytest.approx(DAY, abs=1)
    assert images.containers == (User("web", SHA["a"], running=True),)
    assert images.cache == (CacheRecord("x", frozenset({"y"}), 5, False, DAY),)
    assert images.upstream == {"debian:12": SHA["f"]}
    assert images.silent["app:1"] == "unauthorized"
    assert images.silent["late:1"] == "the registry did not answer in 20 s"
    assert images.now == 100 * DAY


def test_an_answer_that_broke_off_is_not_a_host_without_images() -> None:
    assert parse_images({}) is None
    answer = recorded("converged-debian12")
    with pytest.raises(ProbeError, match="Docker does not tell its images"):
        parse([*answer[:-1], "images_asked yes", answer[-1]])


NAMES = ["a:1", "a:2", "b:1"]
names = st.sampled_from(NAMES)
found_ = st.lists(st.frozensets(names), max_size=4).map(
    lambda tags: tuple(
        Image(SHA["abcd"[index]], frozenset(each - frozenset().union(*tags[:index])))
        for index, each in enumerate(tags)
    )
)
users = st.lists(st.sampled_from("abcd"), max_size=2).map(
    lambda ids: tuple(User(f"of-{each}", SHA[each], True) for each in ids)
)
wanted_ = st.builds(
    lambda present, absent, tags, prune: settings(
        *({"name": name, "tags": [f"t-{name}"] if tags else []} for name in present),
        *({"name": name, "state": "absent", "force": True} for name in absent - present),
        docker_image_refresh=True,
        docker_prune=prune,
    ),
    st.frozensets(names),
    st.frozensets(names),
    st.booleans(),
    st.fixed_dictionaries({"dangling": st.booleans(), "unused": st.booleans()}),
)


def carried_out(images: Images, after: Plan) -> Images:
    """The images of a host after a plan, as Docker has it."""
    tags = {image.id: set(image.tags) for image in images.found}

    def name(tag: str, to: str) -> None:
        for held in tags.values():
            held.discard(tag)
        tags.setdefault(to, set()).add(tag)

    in_use = {user.image for user in images.containers}
    for pulled in after.images.pulls if after.images else ():
        name(pulled, f"pulled-{pulled}")
    for source, tag in after.images.tags if after.images else ():
        name(tag, next(each for each, held in tags.items() if source in held))
    for gone in after.images.removals if after.images else ():
        for each, held in [*tags.items()]:
            if gone.name in held:
                held.discard(gone.name)
                if not held and each not in in_use:
                    del tags[each]
    for image in after.prune.images if after.prune else ():
        assert image.id not in in_use
        assert tags.pop(image.id) == image.tags
    found = tuple(Image(each, frozenset(held)) for each, held in tags.items())
    return replace(images, found=found, upstream={})


@given(wanted_, found_, users, st.sets(names))
def test_what_a_plan_leads_to_needs_no_plan(
    wanted: Settings, found: tuple[Image, ...], containers: tuple[User, ...], moved: set[str]
) -> None:
    there = {tag for image in found for tag in image.tags}
    upstream = dict.fromkeys(moved & there, SHA["f"])
    images = Images(now=DAY, found=found, containers=containers, upstream=upstream)
    first = plan(wanted, replace(HOST, images=images))
    later = carried_out(images, first)
    again = plan(wanted, replace(HOST, images=later))
    assert (again.images, again.prune) == (None, None)
