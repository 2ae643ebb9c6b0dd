"""Builds: which images a host builds, tags and pushes, and what that means for others."""

from dataclasses import replace
from typing import Any

import pytest

from rackwright.docker.docker_create import fingerprint as spec
from rackwright.laptop.builds import ReadBuild
from rackwright.look.answer import parse
from rackwright.look.build_probe import builds_look
from rackwright.look.builds import BASE, MADE_OF, SOURCE, BuildsSeen, parse_builds
from rackwright.look.image_probe import images_look
from rackwright.look.images import Image, Images, User
from rackwright.look.workload import FoundContainer, Workload
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.settings import Settings
from rackwright.settings.images import Prune
from rackwright.settings.references import Tag
from rackwright.steps.builds import BuildsStep, fingerprint
from tests.unit.test_images import DAY, SHA, packed, said
from tests.unit.test_observed import recorded

HOST = parse(recorded("converged-debian12"))
BASE_IMAGE = Image(SHA["a"], frozenset({"debian:12"}))
APP = ReadBuild(context="app", content="c1", bases=("debian:12",))


def settings(builds: dict[Tag, ReadBuild], **more: Any) -> Settings:
    """Settings of the recorded host, with builds that were read."""
    plain = Settings.model_validate({"docker_hold": False, **more})
    return plain.model_copy(update={"docker_builds": builds})


def image(name: str, build: ReadBuild, an_id: str = SHA["b"], **labels: str) -> Image:
    """The image that was built of it, on that base."""
    made_of = {MADE_OF: fingerprint(build), BASE + "debian:12": SHA["a"], **labels}
    return Image(an_id, frozenset({name, *build.tags}), labels=made_of)


def planned(wanted: Settings, *found: Image, seen: BuildsSeen | None = None, **more: Any) -> Plan:
    """The plan of a host that has these images."""
    images = Images(now=100 * DAY, found=found, **more.pop("images", {}))
    return plan(wanted, replace(HOST, images=images, builds=seen or BuildsSeen(), **more))


def step(wanted: Settings, *found: Image, seen: BuildsSeen | None = None) -> BuildsStep:
    """The builds of that plan, which has to have some."""
    there = planned(wanted, *found, seen=seen).builds
    assert there
    return there


def test_what_is_missing_is_built_on_what_is_pulled() -> None:
    found = step(settings({"app:1": APP}))
    assert found.images.pulls == ("debian:12",)
    assert found.builds == (("app:1", APP),)
    assert said(found.changes) == [
        "debian:12: absent -> pulled",
        "app:1: absent -> built from app",
    ]
    # One host may have it fetched into the fleet's cache for all.
    assert "debian:12" in planned(settings({"app:1": APP})).hub_pulls


def test_what_was_built_of_the_same_is_left_alone() -> None:
    wanted = settings({"app:1": APP})
    assert planned(wanted, BASE_IMAGE, image("app:1", APP)).builds is None
    # A base that was pruned is no reason.
    assert planned(wanted, image("app:1", APP)).builds is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"content": "c2"}, "context or Dockerfile changed"),
        ({"context": "other"}, "context or Dockerfile changed"),
        ({"dockerfile": "Other"}, "context or Dockerfile changed"),
        ({"args": {"A": "1"}}, "args changed"),
        ({"labels": {"a": "1"}}, "labels changed"),
        ({"target": "dev"}, "target changed"),
        ({"secrets": {"T": {"env": "T"}}}, "secrets changed"),
    ],
)
def test_whatever_changed_is_a_reason(changed: dict[str, Any], reason: str) -> None:
    new = ReadBuild.model_validate({**APP.model_dump(), **changed})
    found = step(settings({"app:1": new}), BASE_IMAGE, image("app:1", APP))
    (change,) = found.changes
    assert (change.before, change.reason) == (image("app:1", APP).short, reason)


@pytest.mark.parametrize("changed", [{"no_cache": True}, {"vars": {"a": 1}}])
def test_what_makes_no_other_image_is_no_reason(changed: dict[str, Any]) -> None:
    new = APP.model_copy(update=changed)
    assert planned(settings({"app:1": new}), BASE_IMAGE, image("app:1", APP)).builds is None


def test_somebody_elses_image_of_that_name_is_replaced() -> None:
    (change,) = step(
        settings({"app:1": APP}), BASE_IMAGE, Image(SHA["b"], frozenset({"app:1"}))
    ).changes
    assert change.reason == "it was made of something else"


def test_another_base_is_a_reason_for_all_that_is_built_on_it() -> None:
    top = ReadBuild(context="top", content="t", bases=("app:1",))
    wanted = settings({"app:1": APP, "top:1": top})
    there = (image("app:1", APP), image("top:1", top, SHA["c"], **{f"{BASE}app:1": SHA["b"]}))
    assert planned(wanted, BASE_IMAGE, *there).builds is None
    moved = Image(SHA["d"], frozenset({"debian:12"}))
    found = step(wanted, moved, *there)
    assert [name for name, _ in found.builds] == ["app:1", "top:1"]
    assert found.changes[0].reason == "it is built on debian:12, which is another image now"
    assert found.images.pulls == ()


def test_a_base_that_comes_anew_in_this_run_is_foreseen() -> None:
    other = ReadBuild(context="other", content="o", bases=("debian:12",))
    wanted = settings({"other:1": other, "app:1": APP})
    # app:1 has to be built, for which debian:12 is pulled: other:1 may not be of that one.
    found = step(wanted, image("other:1", other))
    assert [name for name, _ in found.builds] == ["other:1", "app:1"]
    refreshed = settings({"app:1": APP}, docker_images=["debian:12"], docker_image_refresh=True)
    host = replace(HOST, builds=BuildsSeen())
    there = (replace(BASE_IMAGE, digests=frozenset({f"debian@{SHA['a']}"})), image("app:1", APP))
    images = Images(now=0, found=there, upstream={"debian:12": SHA["f"]})
    step_ = plan(refreshed, replace(host, images=images)).builds
    assert step_ and step_.images.pulls == ()
    assert step_.changes[0].reason.startswith("it is built on debian:12")


def test_tags_are_set_with_a_build_or_by_themselves() -> None:
    tagged = APP.model_copy(update={"tags": ("app:stable",)})
    wanted = settings({"app:1": tagged})
    assert step(wanted, BASE_IMAGE).images.tags == ()
    found = step(wanted, BASE_IMAGE, image("app:1", APP))
    assert found.builds == ()
    assert found.images.tags == (("app:1", "app:stable"),)
    assert said(found.changes) == ["app:stable: absent -> tag of app:1"]


def test_what_is_pushed_and_what_was() -> None:
    name = "r.example:5000/app:1"
    build = APP.model_copy(update={"push": True, "tags": ("app:x", "r.example:5000/app:2")})
    wanted = settings({name: build})
    names = (name, "r.example:5000/app:2")
    assert step(wanted, BASE_IMAGE).pushes == names
    built = image(name, build)
    assert step(wanted, BASE_IMAGE, built).pushes == names
    before = BuildsSeen(pushed=frozenset((each, built.id) for each in names))
    assert planned(wanted, BASE_IMAGE, built, seen=before).builds is None
    anew = settings({name: build.model_copy(update={"content": "c2"})})
    assert step(anew, BASE_IMAGE, built, seen=before).pushes == names
    hub = settings({"team/app:1": APP.model_copy(update={"push": True})})
    assert step(hub, BASE_IMAGE).pushes == ("team/app:1",)


@pytest.mark.parametrize(
    ("context", "package", "tool"),
    [
        ("https://x.example/app.git", "git", "git"),
        ("app.tar.xz", "xz-utils", "xz"),
        ("https://x.example/app.tar.xz", "xz-utils", "xz"),
        ("app.tar.gz", None, ""),
    ],
)
def test_what_docker_needs_is_installed(context: str, package: str | None, tool: str) -> None:
    wanted = settings({"app:1": APP.model_copy(update={"context": context})})
    assert step(wanted, BASE_IMAGE).packages == ((package,) if package else ())
    assert Plan(builds=step(wanted, BASE_IMAGE)).uses_apt is bool(package)
    there = BuildsSeen(tools=frozenset({tool}))
    assert step(wanted, BASE_IMAGE, seen=there).packages == ()


def test_a_url_is_asked_only_on_request() -> None:
    url = "https://x.example/app.git#main"
    build = ReadBuild(context=url, content="c")
    assert f"git#{url}" not in builds_look(settings({"app:1": build}))
    asking = settings({"app:1": build}, docker_build_refresh=True)
    assert f"git#{url}" in builds_look(asking)
    assert f"git#{url}" not in builds_look(asking.without_questions())
    assert builds_look(asking.without_images()) == ""
    there = image("app:1", build, **{SOURCE: "abc"})

    def reason(now: str) -> str:
        return step(asking, there, seen=BuildsSeen(sources={url: now})).changes[-1].reason

    assert planned(asking, there, seen=BuildsSeen(sources={url: "abc"})).builds is None
    assert reason("def") == f"{url} has something else now, and docker_build_refresh is on"
    assert reason("") == f"docker_build_refresh is on, and {url} does not say what it has"


def test_the_answer_of_a_host() -> None:
    lines = recorded("converged-debian12")
    told = {"Id": SHA["b"], "RepoTags": ["app:1"], "Config": {"Labels": {MADE_OF: "x"}}}
    more = [
        *("images_asked yes", f"images_found {packed([told])}", "images_now 1"),
        *("build_asked yes", "build_tool git", f"build_pushed app:1 {SHA['b']}"),
        *("build_source https://x/a.git abc", "build_source https://x/b.tgz "),
    ]
    seen = parse([*lines[:-1], *more, lines[-1]])
    assert seen.images and seen.images.found[0].labels == {MADE_OF: "x"}
    assert seen.builds == BuildsSeen(
        tools=frozenset({"git"}),
        pushed=frozenset({("app:1", SHA["b"])}),
        sources={"https://x/a.git": "abc", "https://x/b.tgz": ""},
    )
    assert parse_builds({}) is None


def test_the_look_tells_of_all_names() -> None:
    build = APP.model_copy(update={"tags": ("app:x",)})
    look = images_look(settings({"app:1": build}))
    assert look.endswith(" app:1 app:x debian:12")
    assert builds_look(Settings()) == ""


def test_a_container_of_a_new_image_is_made_anew_in_the_same_run() -> None:
    wanted = settings(
        {"app:1": APP}, docker_containers={"web": {"image": "app:1"}, "db": {"image": "x:1"}}
    )
    anew = settings({"app:1": APP.model_copy(update={"content": "c2"})})
    anew = wanted.model_copy(update={"docker_builds": anew.docker_builds})
    first = plan(wanted, replace(HOST, workload=Workload(answers=True))).containers
    assert first
    specs = {each.name: each.container for each in first.actions}
    there = {
        name: FoundContainer(name, ours=True, spec=spec(specs[name])) for name in ("web", "db")
    }
    work = Workload(answers=True, containers=there)
    images = (BASE_IMAGE, image("app:1", APP))
    assert planned(wanted, *images, workload=work).containers is None
    prune = {"docker_prune": Prune(dangling=True)}
    used = {"containers": [User("web", SHA["b"], running=True)]}
    run = planned(anew.model_copy(update=prune), *images, workload=work, images=used)
    # The old image goes with the container that it was of.
    assert run.prune and [each.id for each in run.prune.images] == [SHA["b"]]
    found = run.containers
    assert found
    assert [(each.act, each.name) for each in found.actions] == [("make", "web")]
    assert found.changes[0].reason == "app:1 is another image now"


def test_pruning_spares_what_is_built_and_its_bases_and_takes_what_it_replaced() -> None:
    prune = {"docker_prune": {"unused": True, "dangling": True}}
    wanted = settings({"app:1": APP.model_copy(update={"tags": ("app:x",)})}, **prune)
    other = Image(SHA["e"], frozenset({"other:1"}))
    built = image("app:1", APP.model_copy(update={"tags": ("app:x",)}))
    found = planned(wanted, BASE_IMAGE, built, other).prune
    assert found and [each.id for each in found.images] == [other.id]
    anew = settings({"app:1": APP.model_copy(update={"content": "c2"})}, **prune)
    old = image("app:1", APP)
    users = [User("web", old.id, running=True)]
    assert planned(anew, BASE_IMAGE, old, images={"containers": users}).prune is None
    found = planned(anew, BASE_IMAGE, old).prune
    assert found and [each.id for each in found.images] == [old.id]
