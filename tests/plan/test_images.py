"""Images on a fake host: exactly which commands would be run, and that one look is enough."""

import re
from pathlib import Path
from typing import Any

from rackwright.docker import IMAGES_SH
from rackwright.host.script import command
from rackwright.lock.file import Lock, LockedPackage, lock_path, write_lock
from tests.plan.fleet import Ran, encoded_words, run
from tests.plan.test_deploy import BEGIN, FIRST_LOOK, VERSIONS, Source, answers, changing, source
from tests.unit.test_images import SHA, packed

__all__ = ["source"]  # a fixture
FINISHED = "rm -f /var/lib/rackwright/unfinished"
PRIVATE = "registry.example:5000/team/app:1"
OLD = {"Id": SHA["a"], "RepoTags": [], "Created": "2024-01-01T00:00:00Z", "Size": 1}
APP = {**OLD, "Id": SHA["b"], "RepoTags": ["app:1"]}
DEBIAN = {**OLD, "Id": SHA["c"], "RepoTags": ["debian:12"]}


def told(source: Source, images: list[dict[str, Any]]) -> list[str]:
    """What a converged host with these images answers."""
    lines = source.converged()
    seen = ["images_asked yes", f"images_found {packed(images)}", "images_now 1800000000"]
    return [*lines[:-1], *seen, lines[-1]]


def deployed(source: Source, found: list[dict[str, Any]], *commands: str, **data: Any) -> Ran:
    """A run on a converged host with these images, and without them at the second look."""
    after = [{**DEBIAN, "RepoTags": ["debian:12", PRIVATE, "app:2"]}]
    host = answers(told(source, found), told(source, after), *commands)
    return run({**source.data, "docker_users": ["admin"], **data, "fake_responses": host})


def test_images_come_before_others_go(source: Source) -> None:
    commands = [
        BEGIN,
        command(IMAGES_SH, "pull", "debian:12", "docker.io"),
        command(IMAGES_SH, "pull", PRIVATE, "registry.example:5000"),
        command(IMAGES_SH, "tag", PRIVATE, "app:2"),
        command(IMAGES_SH, "remove", "app:1", "--force"),
        command(IMAGES_SH, "prune", SHA["a"], "", SHA["a"]),
        FINISHED,
    ]
    images = [
        "debian:12",
        {"name": PRIVATE, "tags": ["app:2"]},
        {"name": "app:1", "state": "absent", "force": True},
    ]
    prune = {"dangling": True}
    ran = deployed(source, [OLD, APP], *commands, docker_images=images, docker_prune=prune)
    assert not ran.failed
    assert changing(ran) == commands


def test_a_host_with_its_images_is_looked_at_once(source: Source) -> None:
    ran = deployed(source, [DEBIAN], docker_images=["debian:12"], docker_prune={"unused": True})
    assert not ran.failed
    assert ran.operations == []
    (look,) = ran.commands
    assert FIRST_LOOK in look
    assert re.search(r"image_probe all .* debian:12", encoded_words(look))


def test_a_host_whose_settings_name_no_image_is_not_asked_for_any(source: Source) -> None:
    ran = deployed(source, [])
    assert "image_probe" not in encoded_words(ran.commands[0])
    assert ran.operations == []


def test_a_locked_image_is_pulled_by_its_digest(source: Source, tmp_path: Path) -> None:
    inventory = tmp_path / "lab.py"
    inventory.touch()
    packages = {
        name: LockedPackage(version=version, sha256="a" * 64) for name, version in VERSIONS.items()
    }
    lock = Lock(
        keys=[source.key.fingerprint.upper()],
        packages={"debian/bookworm/amd64": {"stable/latest": packages}},
        images={"debian:12": SHA["a"]},
    )
    write_lock(lock_path(inventory), lock)
    pinned = f"debian@{SHA['a']}"
    moved, right = (
        {**DEBIAN, "RepoDigests": [f"debian@{SHA['b']}"]},
        {**DEBIAN, "RepoDigests": [pinned]},
    )
    commands = [BEGIN, command(IMAGES_SH, "pin", pinned, "docker.io", "debian:12"), FINISHED]
    host = answers(told(source, [moved]), told(source, [right]), *commands)
    data = {**source.data, "docker_users": ["admin"], "docker_images": ["debian:12"]}
    ran = run({**data, "fake_responses": host}, inventory)
    assert not ran.failed
    assert changing(ran) == commands
    again = run({**data, "fake_responses": answers(told(source, [right]), [])}, inventory)
    assert (again.operations, len(again.commands)) == ([], 1)
