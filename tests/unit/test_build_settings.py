"""Builds in the settings and on this machine: what is accepted, read, hashed, and refused."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rackwright.laptop import contexts
from rackwright.laptop.builds import ReadBuild, with_builds
from rackwright.laptop.contexts import packed, read_folder
from rackwright.settings import SettingsError, parse_settings
from rackwright.settings.builds import kind_of


@pytest.fixture(autouse=True)
def _forget() -> None:
    """What is read once a run is read once a test."""
    for each in (contexts.read_folder, contexts.sha256_of, contexts.dockerfile_in_tar):
        each.cache_clear()


def refused(build: dict[str, Any], name: str = "app:1", **more: Any) -> str:
    """The one sentence that is said of these settings."""
    with pytest.raises(SettingsError) as caught:
        parse_settings({"docker_builds": {name: build}, **more})
    (sentence,) = caught.value.errors
    return sentence


def read(build: dict[str, Any], **more: Any) -> ReadBuild:
    """A build of host h1, with what it is made of."""
    settings = parse_settings({"docker_builds": {"app:1": build}, **more})
    found = with_builds({"h1": settings})["h1"].docker_builds["app:1"]
    assert isinstance(found, ReadBuild)
    return found


def unreadable(**builds: Any) -> tuple[str, ...]:
    """What is said of builds that cannot be read."""
    with pytest.raises(SettingsError) as caught:
        with_builds({"h1": parse_settings({"docker_builds": builds})})
    return caught.value.errors


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A context with a Dockerfile, a file and a folder."""
    (tmp_path / "app" / "sub").mkdir(parents=True)
    (tmp_path / "app" / "Dockerfile").write_text("FROM debian:12\nCOPY . /app\n")
    (tmp_path / "app" / "main.py").write_text("print(1)\n")
    (tmp_path / "app" / "sub" / "data").write_text("1")
    return tmp_path / "app"


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        ({}, "docker_builds.app:1: name a context, a dockerfile or a template"),
        ({"context": "-app"}, "docker_builds.app:1.context: write a path of one line"),
        ({"context": "app\nb"}, "docker_builds.app:1.context: write a path of one line"),
        ({"context": "https://user:pw@x.example/a.git"}, "has no user and no password"),
        ({"context": "https://x.example/a b.git"}, "of letters, digits and"),
        ({"context": "ssh://x.example/a.git"}, "write a URL with http://, https:// or git://"),
        ({"context": "https://x.example/a.tar.gz#main"}, "only a URL of git has a #"),
        ({"context": "app", "dockerfile": "../Dockerfile"}, "it is a path in there"),
        ({"context": "app", "dockerfile": "/etc/passwd"}, "it is a path in there"),
        ({"dockerfile": "-"}, "docker_builds.app:1.dockerfile: write a path of one line"),
        ({"dockerfile": "a", "template": "b"}, "name either dockerfile or template"),
        ({"context": "https://x.example/a.git", "template": "b"}, "brings a Dockerfile of its own"),
        ({"dockerfile": "a", "vars": {"x": 1}}, "vars: only a template has variables"),
        ({"context": "a", "target": "-x"}, "docker_builds.app:1.target: write the name of a stage"),
        ({"context": "a", "args": {"A": "1\n2"}}, "docker_builds.app:1.args.A: write one line"),
        ({"context": "a", "args": {"-A": "1"}}, "write the name of an environment variable"),
        ({"context": "a", "args": {"API_TOKEN": "x"}}, "RUN --mount=type=secret,id=API_TOKEN"),
        ({"context": "a", "args": {"db_password": "x"}}, "is a secret, and an argument stays"),
        ({"context": "a", "args": {"INDEX": "http://u:p@x"}}, "there is a password in the URL"),
        ({"context": "a", "tags": ["-x"]}, "docker_builds.app:1.tags.0"),
        ({"context": "a", "labels": {"rackwright.build": "x"}}, "are not yours to set"),
        ({"context": "a", "pull": True}, "docker_builds.app:1.pull: there is no such key"),
    ],
)
def test_what_is_refused(build: dict[str, Any], sentence: str) -> None:
    said = refused(build)
    assert sentence in said
    assert said.startswith("docker_builds.app:1")
    assert said.isprintable()
    assert "pw" not in said


def test_a_public_key_is_no_secret() -> None:
    entry = {"context": "a", "args": {"PUBLIC_KEY": "x", "KEYBOARD": "de"}}
    assert parse_settings({"docker_builds": {"app": entry}}).docker_builds["app:latest"].args


@pytest.mark.parametrize("name", ["-app:1", "app\n:1", "App:1", "app@sha256:" + "a" * 64])
def test_names_that_are_refused(name: str) -> None:
    said = refused({"context": "a"}, name)
    assert said.startswith("docker_builds.")
    assert said.isprintable()


def test_a_name_has_one_source() -> None:
    one = {"context": "a"}
    with pytest.raises(SettingsError, match="app and app:latest are the same image"):
        parse_settings({"docker_builds": {"app": one, "app:latest": one}})
    with pytest.raises(SettingsError, match="docker_builds: b:1 stands there twice"):
        parse_settings({"docker_builds": {"a:1": {**one, "tags": ["b:1"]}, "b:1": one}})
    both = "docker_builds: app:1 stands in docker_images too"
    assert refused(one, docker_images=[{"name": "x:1", "tags": ["app:1"]}]) == both


def test_secrets_need_buildx_and_come_from_this_machine() -> None:
    entry = {"context": "a", "secrets": {"TOKEN": {"env": "TOKEN"}}}
    assert 'add "buildx" to docker_plugins' in refused(entry, docker_plugins=["compose"])
    settings = parse_settings({"docker_builds": {"app:1": entry}})
    assert list(settings.build_secrets) == [("docker_builds.app:1.secrets.TOKEN", ("env", "TOKEN"))]


@pytest.mark.parametrize(
    ("context", "kind"),
    [
        ("https://x.example/app.git", "git"),
        ("https://x.example/app.git#main:docker", "git"),
        ("git://x.example/app", "git"),
        ("https://x.example/app.tar.gz", "url"),
        ("images/app", "local"),
        (None, "none"),
    ],
)
def test_what_a_context_is(context: str | None, kind: str) -> None:
    assert kind_of(context) == kind


def test_the_hash_is_that_of_what_is_sent(folder: Path) -> None:
    (folder / ".dockerignore").write_text("*.log\n")
    first = read({"context": str(folder)}).content

    def after(change: Callable[[], object]) -> str:
        change()
        contexts.read_folder.cache_clear()
        return read({"context": str(folder)}).content

    assert after(lambda: (folder / "x.log").write_text("ignored")) == first
    assert after(lambda: os.utime(folder / "main.py", (1, 1))) == first
    changes: list[Callable[[], object]] = [
        lambda: (folder / "main.py").write_text("print(2)\n"),
        lambda: (folder / "main.py").chmod(0o755),
        lambda: (folder / "sub").chmod(0o700),
        lambda: (folder / "main.py").rename(folder / "other.py"),
        lambda: (folder / "link").symlink_to("other.py"),
        lambda: (folder / "Dockerfile").write_text("FROM debian:13\n"),
        lambda: (folder / "empty").mkdir(),
    ]
    seen = [first, *map(after, changes)]
    assert len(set(seen)) == len(seen)


def test_a_folder_is_sent_compressed_and_as_it_is(folder: Path) -> None:
    (folder / ".dockerignore").write_text("sub\n!sub/data\nmain.py\nDockerfile\n")
    (folder / "run").write_text("x")
    (folder / "run").chmod(0o750)
    (folder / "link").symlink_to("run")
    tar = packed(read_folder(folder, "Dockerfile"), "FROM debian:13\n")
    assert tar.read_bytes().startswith(b"\x1f\x8b")
    with tarfile.open(tar) as found:
        entries = {each.name: each for each in found}
        beside = found.extractfile("Dockerfile")
        assert beside and beside.read() == b"FROM debian:13\n"
    names = {".dockerignore", "Dockerfile", "link", "run", "sub", "sub/data"}
    assert entries.keys() == {"Dockerfile", "context", *(f"context/{name}" for name in names)}
    assert entries["context/run"].mode == 0o750
    assert entries["context/link"].linkname == "run"
    assert {(each.uid, each.gid, each.uname) for each in entries.values()} == {(0, 0, "")}


def test_the_mirrors_of_the_host_are_those_of_its_builds(folder: Path) -> None:
    mirrors = {"pip_index_url": "https://pip.example/simple", "apt_mirror": "https://m.example/d"}
    entry = {"context": str(folder)}
    assert read(entry, **mirrors).args == {}
    (folder / "Dockerfile").write_text("FROM debian:12\nARG PIP_INDEX_URL\nARG APT_MIRROR=x y\n")
    given = read(entry, **mirrors).args
    assert given == {"PIP_INDEX_URL": mirrors["pip_index_url"], "APT_MIRROR": mirrors["apt_mirror"]}
    own = {"PIP_INDEX_URL": "https://own.example"}
    assert read({**entry, "args": own}, **mirrors).args["PIP_INDEX_URL"] == own["PIP_INDEX_URL"]
    assert read({"context": "https://x.example/a.git"}, **mirrors).args == given


@pytest.mark.parametrize(
    ("compress", "name"),
    [(gzip.compress, "c.tar.gz"), (bz2.compress, "c.tar.bz2"), (lzma.compress, "c.tar.xz")],
)
def test_a_tar_file(tmp_path: Path, compress: Callable[[bytes], bytes], name: str) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for path in ("./Dockerfile", "docker/Other"):
            entry = tarfile.TarInfo(path)
            text = b"FROM debian:12\n" if "Other" not in path else b"FROM debian:13\n"
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
    file = tmp_path / name
    file.write_bytes(compress(made.getvalue()))
    assert read({"context": str(file)}).bases == ("debian:12",)
    other = read({"context": str(file), "dockerfile": "docker/Other"})
    assert other.bases == ("debian:13",)
    errors = unreadable(**{"app:1": {"context": str(file), "dockerfile": "Nothing"}})
    assert errors == (f"h1: docker_builds.app:1: {file} holds no Nothing",)


def test_a_dockerfile_and_a_template(tmp_path: Path) -> None:
    file, template = tmp_path / "Dockerfile", tmp_path / "app.Dockerfile.j2"
    file.write_text("FROM debian:12\n")
    template.write_text("FROM {{ base }}\nRUN echo {{ host }}\n")
    alone = read({"dockerfile": str(file)})
    assert (alone.text, alone.bases) == ("FROM debian:12\n", ("debian:12",))
    made = read({"template": str(template), "vars": {"base": "debian:13"}})
    assert (made.text, made.bases) == ("FROM debian:13\nRUN echo h1\n", ("debian:13",))
    with_context = read(
        {"template": str(template), "vars": {"base": "x"}, "context": str(tmp_path)}
    )
    assert with_context.content != made.content
    assert with_context.folder and not made.folder


def test_what_cannot_be_read_is_said_at_once(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "t.j2").write_text("FROM {{ base }}\n")
    (tmp_path / "text").write_text("no tar")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "Dockerfile").write_text("FROM x\n")
    (tmp_path / "bad" / ".dockerignore").write_text("[z-a]\n")
    (folder / "Dockerfile").unlink()
    errors = unreadable(
        **{
            "a:1": {"context": str(tmp_path / "nothing")},
            "b:1": {"context": str(folder)},
            "c:1": {"dockerfile": str(tmp_path / "nothing")},
            "d:1": {"template": str(tmp_path / "t.j2")},
            "e:1": {"context": str(tmp_path / "text")},
            "f:1": {"context": str(tmp_path / "bad")},
            "g:1": {
                "context": str(tmp_path / "text"),
                "template": str(tmp_path / "t.j2"),
                "vars": {"base": "x"},
            },
        }
    )
    reasons = [
        f"a:1: {tmp_path}/nothing: there is no such folder or tar file on this machine",
        f"b:1: {folder}/Dockerfile: No such file or directory",
        f"c:1: {tmp_path}/nothing: No such file or directory",
        "d:1: 'base' is undefined",
        f"e:1: {tmp_path}/text is no tar file in gzip, bzip2 or xz",
        f"f:1: {tmp_path}/bad/.dockerignore: '[z-a]' is no pattern",
        f"g:1: {tmp_path}/text is no folder",
    ]
    for error, reason in zip(errors, reasons, strict=True):
        assert error.startswith(f"h1: docker_builds.{reason}")


def test_what_is_built_upon_stands_before(tmp_path: Path) -> None:
    (tmp_path / "top").write_text("FROM lab/base:1\n")
    (tmp_path / "base").write_text("FROM debian:12\n")
    builds = {
        "top:1": {"dockerfile": str(tmp_path / "top")},
        "lab/base:1": {"dockerfile": str(tmp_path / "base")},
    }
    expected = "h1: docker_builds.top:1: it is built on lab/base:1; put that before it"
    assert unreadable(**builds) == (expected,)
    right = dict(reversed(builds.items()))
    assert list(with_builds({"h1": parse_settings({"docker_builds": right})})) == ["h1"]
