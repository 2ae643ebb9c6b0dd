"""Builds on a fake host: exactly which commands would be run, and that one look is enough."""

import hashlib
from pathlib import Path
from typing import Any

from rackwright.docker import BUILDS_SH, IMAGES_SH
from rackwright.host.script import command
from rackwright.laptop.builds import ReadBuild, with_builds
from rackwright.look.builds import BASE, MADE_OF
from rackwright.packages.patience import in_turn
from rackwright.settings import parse_settings
from rackwright.steps.builds import fingerprint
from tests.plan.fleet import Ran, encoded_words, run
from tests.plan.test_deploy import (
    APT,
    BEGIN,
    FIRST_LOOK,
    WAIT,
    Source,
    answers,
    changing,
    source,
)
from tests.plan.test_images import FINISHED
from tests.unit.test_images import SHA, packed

__all__ = ["source"]  # a fixture
NAME = "r.example:5000/app:1"
URL = "https://x.example/app.git#main"
FOLDER = "/var/lib/rackwright/builds"


def spec(name: str, build: dict[str, Any]) -> str:
    """The label by which the image is known."""
    settings = parse_settings({"docker_builds": {name: build}})
    found = with_builds({"@fake/host": settings})["@fake/host"].docker_builds[name]
    assert isinstance(found, ReadBuild)
    return fingerprint(found)


def deployed(
    source: Source, builds: dict[str, Any], before: list[str], *commands: str, **more: Any
) -> Ran:
    """A run on a converged host that has debian:12, and afterwards all the images."""

    def told(names: list[str], tools: list[str]) -> list[str]:
        base = {"Id": SHA["a"], "RepoTags": ["debian:12"]}
        images = [
            {
                "Id": SHA["b"],
                "RepoTags": [name, *builds[name].get("tags", ())],
                "Config": {
                    "Labels": {MADE_OF: spec(name, builds[name]), f"{BASE}debian:12": SHA["a"]}
                },
            }
            for name in names
        ]
        pushed = [
            f"build_pushed {each} {SHA['b']}"
            for name in names
            if builds[name].get("push")
            for each in (name, *builds[name].get("tags", ()))
        ]
        lines = source.converged()
        found = ["images_asked yes", f"images_found {packed([base, *images])}", "images_now 1"]
        return [*lines[:-1], *found, "build_asked yes", *tools, *pushed, lines[-1]]

    after = told(list(builds), ["build_tool git"])
    host = answers(told(before, more.pop("tools", [])), after, *commands)
    data = {**source.data, "docker_users": ["admin"], "docker_builds": builds, **more}
    return run({**data, "fake_responses": host})


def test_a_repository_of_git_that_is_pushed(source: Source) -> None:
    build = {
        "context": URL,
        "dockerfile": "docker/Dockerfile",
        "args": {"A": "it's"},
        "labels": {"b": "c d"},
        "target": "dev",
        "tags": ["r.example:5000/app:2"],
        "no_cache": True,
        "push": True,
    }
    commands = [
        WAIT,
        BEGIN,
        in_turn(300, f"{APT} install --no-install-recommends git"),
        command(
            *(BUILDS_SH, "build", NAME, "/dev/null", "", f"git#{URL}", "", "none"),
            *(f"--tag={NAME}", "--tag=r.example:5000/app:2", "--build-arg=A=it's"),
            *("--label=b=c d", f"--label={MADE_OF}={spec(NAME, build)}"),
            *("--target=dev", "--no-cache", "--file=docker/Dockerfile", URL),
        ),
        command(IMAGES_SH, "push", NAME),
        command(IMAGES_SH, "push", "r.example:5000/app:2"),
        FINISHED,
    ]
    ran = deployed(source, {NAME: build}, [], *commands)
    assert changing(ran) == commands
    assert not ran.failed


def test_a_dockerfile_alone_is_sent_and_one_that_failed_ends_the_run(
    source: Source, tmp_path: Path
) -> None:
    text = "FROM debian:12\n"
    (tmp_path / "Dockerfile").write_text(text)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM debian:12\nARG PIP_INDEX_URL\n")
    builds: dict[str, Any] = {
        "alone:1": {"dockerfile": str(tmp_path / "Dockerfile")},
        "app:1": {"context": str(tmp_path / "app")},
    }
    alone = command(
        *(BUILDS_SH, "build", "alone:1", f"{FOLDER}/input"),
        *(hashlib.sha256(text.encode()).hexdigest(), "", "debian:12", "none"),
        *("--tag=alone:1", f"--label={MADE_OF}={spec('alone:1', builds['alone:1'])}", "-"),
    )
    room = command(IMAGES_SH, "room", FOLDER, str(len(text)), "build alone:1")
    ran = deployed(source, builds, [], BEGIN, room)
    assert changing(ran)[:3] == [BEGIN, room, alone]
    assert ran.failed
    everything = [BEGIN, room, alone, FINISHED]
    ran = deployed(source, builds, ["app:1"], *everything)
    assert changing(ran) == everything
    assert not ran.failed


def test_a_host_with_its_images_is_looked_at_once(source: Source) -> None:
    ran = deployed(source, {NAME: {"context": URL, "push": True}}, [NAME])
    assert ran.operations == []
    (look,) = ran.commands
    assert FIRST_LOOK in look
    assert "builds look" in encoded_words(look)


def test_a_host_without_builds_is_not_asked_for_any(source: Source) -> None:
    ran = deployed(source, {}, [])
    assert "builds look" not in encoded_words(ran.commands[0])
    assert ran.operations == []
