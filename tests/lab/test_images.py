"""Images on real hosts, with both engines: what is pulled, loaded, taken off and pruned."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rackwright.docker import IMAGES_SH
from rackwright.host.script import command
from tests.lab.engines import ENGINES, Engines, Images, moved
from tests.lab.fleet import Lab
from tests.lab.test_login import VARIABLE, forms, registry


@pytest.fixture(scope="module")
def engines(lab: Lab) -> Iterator[Engines]:
    """Both hosts with their engines, logged in to the private registry."""
    fleet = Engines(lab)
    lab.reset(*fleet.names.values())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, lab.services["password"])
        ran = fleet.deploy([])
        assert ran.code == 0, ran.output
        for kind, version in ENGINES.items():
            assert fleet.docker(kind, "version -f '{{.Server.Version}}'").startswith(version)
        yield fleet
    lab.reset(*fleet.names.values())


@pytest.fixture
def fleet(engines: Engines) -> Engines:
    """The same, without any image."""
    engines.empty()
    return engines


def test_images_by_tag_by_digest_and_from_a_private_registry(fleet: Engines) -> None:
    by_digest = f"debian@{fleet.digest('debian', '13')}"
    private = f"{fleet.private}/ubuntu:22.04"
    images: Images = [
        "docker.io/library/debian:12",
        by_digest,
        {"name": private, "tags": ["training", "team/training:stable"]},
    ]
    checked = fleet.check(images)
    assert checked.code == 2, checked.output
    assert f"images      {private}: absent -> pulled" in checked.output
    assert fleet.tags("new") == set()
    ran = fleet.deploy(images)
    assert ran.code == 0, ran.output
    for kind in ENGINES:
        tagged = {"debian:12", "training:latest", "team/training:stable", private}
        assert fleet.tags(kind) == tagged | {"debian:<none>"}
        assert fleet.id(kind, by_digest) != fleet.id(kind, "debian:12")
        assert fleet.id(kind, "training") == fleet.id(kind, private)
        said = fleet.docker(kind, "run --rm", by_digest, "cat /etc/os-release")
        assert 'VERSION_ID="13"' in said
    fleet.assert_home(images)
    assert fleet.check(images).code == 0


def test_a_tag_that_moved_upstream_is_pulled_only_when_asked(fleet: Engines) -> None:
    hello = f"{fleet.private}/hello-world:latest"
    images: Images = [{"name": hello, "tags": ["hello:1"]}, "debian:12"]
    prune = {"docker_prune": {"dangling": True}}
    assert fleet.deploy(images).code == 0
    before = {kind: fleet.id(kind, hello) for kind in ENGINES}
    fleet.assert_home(images, docker_image_refresh=True)
    with moved():
        fleet.assert_home(images)
        dry = fleet.deploy(images, "--dry", docker_image_refresh=True)
        assert f"images      {hello}: sha256:" in dry.output
        assert "because it moved upstream, and docker_image_refresh is on" in dry.output
        assert {kind: fleet.id(kind, hello) for kind in ENGINES} == before
        ran = fleet.deploy(images, docker_image_refresh=True, **prune)
        assert "2 hosts: 2 changed" in ran.output, ran.output
        fleet.assert_home(images, docker_image_refresh=True, **prune)
    for kind in ENGINES:
        assert fleet.id(kind, hello) != before[kind]
        assert fleet.id(kind, "hello:1") == fleet.id(kind, hello)
        assert before[kind] not in fleet.docker(kind, "image ls -aq --no-trunc")
        assert "stale" in fleet.docker(kind, "run --rm hello:1")


def test_a_lock_keeps_a_tag_at_its_digest_wherever_it_moves(fleet: Engines) -> None:
    pushes = fleet.lab.services["pushes"].removeprefix("http://")
    app = f"{pushes}/app:1"
    images: Images = [{"name": app, "tags": ["app:stable"]}]
    more = {"docker_insecure_registries": [registry(fleet.lab), pushes]}
    assert fleet.deploy([], **more).code == 0
    push = "pull debian:{0} && docker tag debian:{0} {1} && docker push -q {1}"
    fleet.docker("new", push.format(13, app))
    with fleet.locked(images, **more) as lock:
        assert set(lock["images"]) == {"hello-world:latest", app}
        first = fleet.id("new", app)
        fleet.docker("new", push.format(12, app))
        fleet.docker("old", f"pull {app}")
        assert fleet.id("old", app) != first
        checked = fleet.check(images, **more)
        assert checked.code == 2, checked.output
        digest = lock["images"][app][:19]
        assert len(re.findall(rf"images +{app}: sha256:\w+ -> {digest}", checked.output)) == 2
        assert fleet.deploy(images, **more).code == 0
        for kind in ENGINES:
            assert fleet.id(kind, app) == fleet.id(kind, "app:stable") == first
        fleet.assert_home(images, docker_image_refresh=True, **more)
        fleet.empty()
        assert fleet.deploy(images, **more).code == 0
        for kind in ENGINES:
            assert fleet.id(kind, app) == first
        assert fleet.check(images, **more).code == 0
    assert (
        "it moved upstream"
        in fleet.deploy(images, "--dry", docker_image_refresh=True, **more).output
    )


def test_the_password_is_in_no_output_of_a_refresh(fleet: Engines) -> None:
    images: Images = [f"{fleet.private}/debian:13"]
    assert fleet.deploy(images).code == 0
    ran = fleet.deploy(images, "-y", "-vvv", "--debug", docker_image_refresh=True)
    assert "2 hosts: 2 unchanged" in ran.output
    services = fleet.lab.services
    shown = forms(services["password"], services["username"])
    assert [form for form in shown if form in ran.output] == []


@pytest.mark.parametrize(("saver", "compress"), [("old", "cat"), ("new", "gzip")])
def test_an_image_from_a_file_is_sent_once(
    fleet: Engines, tmp_path: Path, saver: str, compress: str
) -> None:
    fleet.docker(saver, "pull debian:13 && docker tag debian:13 shelf/app:1")
    file = tmp_path / "app.tar"
    fleet.save(saver, "shelf/app:1", compress, file)
    fleet.empty()
    images: Images = [{"name": "shelf/app:1", "file": str(file), "tags": ["app:stable"]}]
    ran = fleet.deploy(images)
    assert "2 hosts: 2 changed" in ran.output, ran.output
    for kind, name in fleet:
        assert fleet.tags(kind) == {"shelf/app:1", "app:stable"}
        assert "13" in fleet.docker(kind, "run --rm app:stable cat /etc/os-release")
        fleet.lab.root(name, "! test -e /var/lib/rackwright/images")
        fleet.docker(kind, "image rm shelf/app:1")
    fleet.lab.root(fleet.names["new"], "docker pull debian:12; docker tag debian:12 shelf/app:1")
    dry = fleet.deploy(images, "--dry")
    assert "shelf/app:1: absent -> tag of " in dry.output
    assert "shelf/app:1: another image (" in dry.output
    assert "loaded from" not in dry.output
    again = fleet.deploy(images)
    assert again.code == 0, again.output
    assert fleet.id("new", "shelf/app:1") == fleet.id("new", "app:stable")
    fleet.assert_home(images)


def test_a_run_that_died_while_it_sent_a_file_is_taken_up(fleet: Engines, tmp_path: Path) -> None:
    fleet.docker("new", "pull debian:13 && docker tag debian:13 shelf/app:1")
    file = tmp_path / "app.tar"
    fleet.save("new", "shelf/app:1", "cat", file)
    fleet.empty()
    images: Images = [{"name": "shelf/app:1", "file": str(file)}]
    name = fleet.names["new"]
    at = "Starting operation: Images | shelf/app:1 is loaded"
    fleet.lab.deploy_and_kill(name, at, data=fleet.data(images)[name])
    fleet.lab.settled(name)
    half = "install -d /var/lib/rackwright/images; echo half > /var/lib/rackwright/images/image.tar"
    load = command(IMAGES_SH, "load", "/var/lib/rackwright/images/image.tar", "0" * 64, "x:1")
    said = fleet.lab.root(name, f"{half}; ({load}) 2>&1 || true")
    assert "cannot load x:1: its file was damaged on its way" in said
    fleet.lab.root(name, "! test -e /var/lib/rackwright/images")
    fleet.lab.root(name, half)
    ran = fleet.deploy(images)
    assert ran.code == 0, ran.output
    assert fleet.tags("new") == {"shelf/app:1"}
    fleet.lab.root(name, "! test -e /var/lib/rackwright/images")


def test_an_image_in_use_is_not_taken_off_unless_by_force(fleet: Engines) -> None:
    images: Images = ["debian:12", {"name": "debian:13", "tags": ["app:1"]}]
    assert fleet.deploy(images).code == 0
    for kind in ENGINES:
        fleet.docker(kind, "run -d --name web debian:12 sleep 1000")
        fleet.docker(kind, "create --name old debian:12")
    absent: dict[str, Any] = {"name": "debian:12", "state": "absent"}
    before = {name: fleet.lab.fingerprint(name) for _, name in fleet}
    for ran in (fleet.deploy([absent, "debian:13"]), fleet.check([absent, "debian:13"])):
        assert ran.code != 0
        for name in fleet.names.values():
            assert f"{name}] docker_images: debian:12 is to go" in ran.output or "│" in ran.output
        for word in ("web", "old (stopped)", "remove them first, or add force = True"):
            assert word in " ".join(ran.output.replace("│", " ").split())
    assert {name: fleet.lab.fingerprint(name) for _, name in fleet} == before
    forced: Images = [{**absent, "force": True}, {"name": "app:1", "state": "absent"}, "debian:13"]
    ran = fleet.deploy(forced)
    assert ran.code == 0, ran.output
    for kind in ENGINES:
        assert fleet.tags(kind) - {"<none>:<none>", "debian:<none>"} == {"debian:13"}
        assert fleet.docker(kind, "exec web cat /etc/os-release") != ""
    fleet.assert_home(forced)


def test_the_last_name_takes_the_image_along(fleet: Engines) -> None:
    assert fleet.deploy([{"name": "debian:12", "tags": ["app:1"]}]).code == 0
    one: Images = [{"name": "debian:12", "state": "absent"}]
    dry = fleet.deploy(one, "--dry")
    assert "-> untagged, the image stays" in dry.output
    assert fleet.deploy(one).code == 0
    assert {kind: fleet.tags(kind) for kind in ENGINES} == {kind: {"app:1"} for kind in ENGINES}
    both: Images = [*one, {"name": "app:1", "state": "absent"}]
    assert "-> removed" in fleet.deploy(both, "--dry").output
    ran = fleet.deploy(both)
    assert ran.code == 0, ran.output
    assert {kind: fleet.tags(kind) for kind in ENGINES} == {kind: set() for kind in ENGINES}
    fleet.assert_home(both)


BUILD = """\
cd $(mktemp -d)
build() {
    printf "FROM debian:12\\nRUN echo $1 > /tmp/x\\nRUN true\\n" > Dockerfile
    docker build -qt app:1 .
}
for builder in 0 1; do export DOCKER_BUILDKIT=$builder; build old; build new; done
docker run --name done debian:13 true
docker tag debian:13 used:1
"""


def test_pruning_spares_what_is_wanted_used_or_young(fleet: Engines) -> None:
    images: Images = ["debian:12", f"debian@{fleet.digest('debian', '13')}"]
    assert fleet.deploy([*images, "debian:13"], docker_verify="always").code == 0
    for name in fleet.names.values():
        fleet.lab.root(name, f"docker pull ubuntu:24.04; {BUILD}")
    everything = {"dangling": True, "unused": True, "build_cache": True}
    young = fleet.deploy(images, "--dry", docker_prune={"dangling": True, "older_than": "1h"})
    assert "2 hosts: 2 unchanged" in young.output, young.output
    for kind in ENGINES:
        assert len(fleet.dangling(kind)) >= 2
    dry = fleet.deploy(images, "--dry", docker_prune=everything)
    for words in ("ubuntu:24.04: 2.0 MB -> removed", "app:1: 2.0 MB -> removed"):
        assert dry.output.count(words) == 2
    assert "because it is dangling, without a tag" in dry.output
    assert "build cache: " in dry.output
    assert "note: docker_prune removes " in dry.output
    assert len(fleet.dangling("new")) >= 2
    checked = fleet.check(images, docker_prune={"dangling": True})
    assert checked.code == 2, checked.output
    ran = fleet.deploy(images, docker_prune=everything)
    assert "2 hosts: 2 changed" in ran.output, ran.output
    for kind in ENGINES:
        assert fleet.tags(kind) == {"debian:12", "debian:13", "used:1"}
        assert fleet.dangling(kind) == []
        assert fleet.docker(kind, "image ls -q hello-world") != ""
        assert "Build Cache     0" in fleet.docker(kind, "system df")
    fleet.assert_home(images, docker_prune=everything)


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        ("nosuch:1", "cannot pull nosuch:1: manifest unknown.*; no mirror gave the image, and"),
        ("{private}/nosuch:1", "cannot pull {private}/nosuch:1: .*there is no such image: check"),
        ("{mirror}/library/debian:12", ".*add the registry to docker_insecure_registries"),
    ],
)
def test_an_image_that_cannot_be_pulled(fleet: Engines, image: str, sentence: str) -> None:
    places = {
        "private": fleet.private,
        "mirror": fleet.lab.services["mirror"].removeprefix("http://"),
    }
    fails(fleet, [image.format(**places)], sentence.format(**places))


def test_a_registry_that_asks_for_a_login(fleet: Engines) -> None:
    image = f"{fleet.private}/debian:12"
    try:
        words = "the registry asks for a login, or has no such image: add it to docker_registry_lo"
        fails(fleet, [image], f"cannot pull {image}: .*{words}", docker_registry_logins={})
    finally:
        assert fleet.deploy([]).code == 0


def test_a_disk_that_is_full(fleet: Engines, tmp_path: Path) -> None:
    fleet.docker("new", "pull debian:13")
    fleet.save("new", "debian:13", "cat", tmp_path / "image.tar")
    fleet.empty()
    for kind in ENGINES:
        fleet.docker(kind, "pull hello-world")
    small = "mount -t tmpfs -o size=300k small {0}"
    for name in fleet.names.values():
        fleet.lab.root(name, small.format("/var/lib/docker/tmp"))
        fleet.lab.root(
            name,
            "cp -a /var/lib/rackwright /root/kept; "
            f"{small.format('/var/lib/rackwright')}; cp -a /root/kept/. /var/lib/rackwright",
        )
    try:
        full = "the disk of Docker is full: set docker_prune, or free some space"
        fails(fleet, ["debian:12"], f"cannot pull debian:12: .*no space left on device.*; {full}")
        file = {"name": "debian:13", "file": str(tmp_path / "image.tar")}
        fails(fleet, [file], f"cannot load debian:13: its file has [0-9]* bytes, .*{full}")
    finally:
        for name in fleet.names.values():
            fleet.lab.root(name, "umount /var/lib/docker/tmp /var/lib/rackwright; rm -r /root/kept")


def fails(fleet: Engines, images: Images, sentence: str, **more: Any) -> None:
    """A run fails with this sentence (a pattern) for each host, and loses no image.

    What would be pruned after that stays as well.
    """
    for kind in ENGINES:
        fleet.docker(kind, "image inspect hello-world >/dev/null || docker pull hello-world")
        fleet.docker(kind, "tag hello-world:latest others:1")
    before = {kind: fleet.tags(kind) for kind in ENGINES}
    ran = fleet.deploy([*images], docker_prune={"unused": True}, **more)
    assert ran.code == 1
    for name in fleet.names.values():
        assert re.search(rf"\[{name}\] +{sentence}", ran.output), ran.output
    assert {kind: fleet.tags(kind) for kind in ENGINES} == before
