"""The lock: what is chosen, how it is written, and what it does to settings and plans."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.host.error import RefusedError
from rackwright.laptop.registry import digest_of
from rackwright.lock.agreement import contradictions, wanted_key
from rackwright.lock.apply import locked_packages, plan_with_lock, with_exact_versions
from rackwright.lock.file import Lock, LockedPackage, lock_path, lock_text, read_lock, write_lock
from rackwright.lock.images import LockedImage, pinned, tags_of, with_locked_images
from rackwright.lock.merge import Resolved, merged
from rackwright.lock.registries import ask_registries
from rackwright.look.observed import Observed
from rackwright.settings import Settings, SettingsError
from rackwright.settings.packages import DOCKER_KEY_FINGERPRINT
from rackwright.steps.engine import wanted_packages
from tests.served import served
from tests.unit.states import BARE, NEWEST, PASSWORDS, after, hosts, settings_


def every_package(version: str = NEWEST) -> dict[str, LockedPackage]:
    """A lock's packages for default settings."""
    return {
        name: LockedPackage(version=version, sha256="c" * 64)
        for name in wanted_packages(Settings())
    }


LOCK = Lock(
    keys=(DOCKER_KEY_FINGERPRINT,),
    packages={"debian/bookworm/amd64": {"stable/latest": every_package()}},
)


def test_a_lock_is_read_as_it_was_written_and_every_value_has_a_line(tmp_path: Path) -> None:
    path = lock_path(tmp_path / "lab.py")
    write_lock(path, LOCK)
    assert path.name == "lab.lock.json"
    assert read_lock(path) == LOCK
    assert list(tmp_path.iterdir()) == [path]
    other = LOCK.model_copy(update={"keys": ("0" * 40,)})
    lines = zip(lock_text(LOCK).splitlines(), lock_text(other).splitlines(), strict=True)
    assert sum(one != two for one, two in lines) == 1


@pytest.mark.parametrize("text", ["{", '{"schema": 2, "keys": [], "packages": {}}', "[]"])
def test_a_file_that_is_no_lock_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.lock.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"cannot be used: .*write it again with `rackwright"):
        read_lock(path)


def test_contradictions() -> None:
    assert contradictions(LOCK, "x.lock.json", Settings()) == []
    wrong = Settings(docker_version="20.10", docker_key_fingerprint="0" * 40)
    version, key = contradictions(LOCK, "x.lock.json", wrong)
    assert version.startswith("docker_version: stable/20.10 is wanted, x.lock.json was made for")
    assert key.startswith(f"docker_key_fingerprint: {'0' * 40} is wanted")


def test_an_exact_version_that_the_lock_was_not_made_for_is_a_contradiction() -> None:
    pinned_ = Settings(docker_package_versions={"containerd.io": "1.7.24-1"})
    (said,) = contradictions(LOCK, "x.lock.json", pinned_)
    assert said.startswith(
        "docker_version and docker_package_versions: stable/latest containerd.io=1.7.24-1 is wanted"
    )
    release = "debian/bookworm/amd64"
    other = {**every_package(), "containerd.io": LockedPackage(version="1.7.24-1", sha256="d" * 64)}
    lock = merged(
        [
            Resolved(release, wanted_key(Settings()), every_package()),
            Resolved(release, wanted_key(pinned_), other),
        ],
        LOCK.keys,
        {},
        None,
    )
    assert contradictions(lock, "x.lock.json", pinned_) == []
    assert locked_packages(lock, "x.lock.json", pinned_, BARE) == other
    assert locked_packages(lock, "x.lock.json", Settings(), BARE) == every_package()


def test_a_package_that_the_lock_does_not_have_is_refused() -> None:
    settings = Settings(docker_plugins=["model"])
    with pytest.raises(RefusedError, match=r"x\.lock\.json has no docker-model-plugin for debian/"):
        locked_packages(LOCK, "x.lock.json", settings, BARE)


def test_what_a_lock_has_digests_of() -> None:
    settings = Settings(
        docker_images=[
            "app:1",
            f"app@sha256:{'1' * 64}",
            {"name": "file:1", "file": "/x.tar"},
            {"name": "gone:1", "state": "absent"},
            {"name": "base:1", "tags": ["mine:1"]},
        ],
        docker_builds={"built:1": {"dockerfile": "/x/Dockerfile", "tags": ["built:2"]}},
        docker_containers={
            "one": {"image": "web:1"},
            "two": {"image": "mine:1"},
            "three": {"image": "built:2"},
            "four": {"image": "app:1"},
            "five": {"state": "absent", "image": "never:1"},
        },
    )
    assert tags_of(settings) == ["app:1", "base:1", "web:1"]
    digests = {"app:1": f"sha256:{'2' * 64}", "web:1": f"sha256:{'3' * 64}"}
    images = with_locked_images(settings, digests).docker_images
    pins = {each.name: each.pinned for each in images if isinstance(each, LockedImage)}
    assert pins == {name: pinned(name, digest) for name, digest in digests.items()}
    assert [each.name for each in images[:-1]] == [each.name for each in settings.docker_images]
    assert with_locked_images(settings, {}) == settings


def test_registries_are_asked_with_what_the_hosts_know_of_them(tmp_path: Path) -> None:
    for name, tag in (("library/hello-world", "latest"), ("team/app", "1")):
        folder = tmp_path / "v2" / name / "manifests"
        folder.mkdir(parents=True)
        (folder / tag).write_text(json.dumps(name))
    with served(tmp_path) as url:
        there = url.removeprefix("http://")
        settings = Settings(
            docker_registry_mirrors=[url],
            docker_insecure_registries=[there],
            docker_images=[f"{there}/team/app:1", f"{there}/team/app:2"],
        )
        digests, notes = ask_registries([settings])
    assert digests == {
        "hello-world:latest": digest_of(b'"library/hello-world"'),
        f"{there}/team/app:1": digest_of(b'"team/app"'),
    }
    (note,) = notes
    assert note == (
        f"{there}/team/app:2 cannot be had from this machine (https://{there}: SSLError; "
        f"{url}: HTTP 404); the lock is without its digest"
    )


def test_the_proof_is_the_locked_image() -> None:
    digest = f"sha256:{'4' * 64}"
    packages = every_package()
    exact = with_exact_versions(Settings(), packages)
    plan = plan_with_lock(exact, BARE, packages, hello_world=digest)
    assert plan.images
    assert plan.images.pins == ((f"hello-world@{digest}", "hello-world:latest"),)
    assert plan.images.changes == ()
    assert plan.hub_pulls == (f"hello-world@{digest}",)
    without = with_exact_versions(Settings(docker_verify="never"), packages)
    assert plan_with_lock(without, BARE, packages, hello_world=digest).images is None
    assert plan_with_lock(exact, BARE, packages).images is None


@given(settings_, hosts)
def test_a_locked_host_gets_exact_versions_with_hashes_and_then_nothing(
    settings: Settings, host: Observed
) -> None:
    packages = {
        name: LockedPackage(version="5:28.0.1-1~x", sha256="d" * 64)
        for name in wanted_packages(settings)
    }
    exact = with_exact_versions(settings, packages)
    try:
        plan = plan_with_lock(exact, host, packages, passwords=PASSWORDS)
    except RefusedError:
        return
    if plan.engine:
        assert plan.lock is not None
        assert set(plan.lock.hashes) == set(plan.engine.packages)
        assert all("=" in each for each in plan.engine.packages)
    assert (
        plan_with_lock(exact, after(exact, host, plan), packages, passwords=PASSWORDS).changes == ()
    )


@given(st.sampled_from(["latest", "26.1"]), st.booleans())
def test_hosts_with_the_same_settings_have_the_same_packages(wanted: str, same: bool) -> None:
    one = Resolved("debian/bookworm/amd64", f"stable/{wanted}", every_package())
    two = Resolved(one.release, one.wanted, every_package(NEWEST if same else "1-1"))
    if same:
        assert merged([one, two], ["0" * 40], {}, None).packages == {
            "debian/bookworm/amd64": {one.wanted: every_package()}
        }
    else:
        with pytest.raises(SettingsError, match="their repositories differ"):
            merged([one, two], ["0" * 40], {}, None)


def test_a_lock_of_some_hosts_leaves_what_others_want_of_the_same_release() -> None:
    release = "debian/bookworm/amd64"
    newer = every_package("5:28.0.1-1~x")
    one = Resolved(release, "stable/28.0", newer)
    both = {"stable/latest": every_package(), "stable/28.0": newer}
    assert merged([one], ["0" * 40], {}, LOCK).packages == {release: both}
    again = Resolved(release, "stable/latest", newer)
    assert merged([again], ["0" * 40], {}, LOCK).packages == {release: {"stable/latest": newer}}


def test_releases_keep_their_order() -> None:
    releases = [f"debian/{number}/amd64" for number in range(20)]
    asked = [Resolved(each, "stable/latest", every_package()) for each in releases]
    assert list(merged(asked, [], {}, None).packages) == releases


def test_a_lock_of_some_hosts_leaves_other_releases_as_they_are() -> None:
    one = Resolved("ubuntu/noble/arm64", "stable/latest", every_package())
    held = json.loads(lock_text(merged([one], ["0" * 40], {}, LOCK)))
    assert list(held["packages"]) == ["debian/bookworm/amd64", "ubuntu/noble/arm64"]
    assert held["keys"] == ["0" * 40, DOCKER_KEY_FINGERPRINT]
