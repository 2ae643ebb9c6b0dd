""".dockerignore and Dockerfiles: read as Docker reads them."""

import pytest

from rackwright.laptop.dockerfile import arguments, bases
from rackwright.laptop.dockerignore import ignored, may_come_back, patterns


@pytest.mark.parametrize(
    ("text", "out", "stays"),
    [
        ("*.log", ["a.log"], ["sub/a.log", "a.LOG", "a.log2"]),
        ("**/*.log", ["a.log", "x/a.log", "x/y/a.log"], ["alog"]),
        ("sub", ["sub", "sub/a", "sub/b/c"], ["a/sub", "subs"]),
        ("/sub/", ["sub/a"], ["a/sub"]),
        ("sub/*", ["sub/a", "sub/b/c"], ["sub"]),
        ("sub/**", ["sub/a", "sub/b/c"], ["sub"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["az", "a/bz"]),
        ("**cache", ["cache", "x/cache", "mycache"], ["caches"]),
        ("**/cache", ["cache", "x/cache"], ["mycache"]),
        ("**.p?", [".py", "x/.py"], ["a.py"]),
        ("*\n!**.py", ["a", "sub/a"], ["a.py", "sub/a.py"]),
        ("file?.txt", ["file1.txt"], ["file.txt", "file/.txt"]),
        ("[a-c]x", ["ax", "cx"], ["dx"]),
        ("[^a]x", ["bx"], ["ax"]),
        ("\\*", ["*"], ["a"]),
        ("a.b", ["a.b"], ["axb"]),
        ("# c\n\n  a  ", ["a"], ["# c"]),
        (".", [], ["a"]),
        ("*\n!keep", ["a", "a/keep"], ["keep", "keep/a"]),
        ("sub\n!sub/in\nsub/in/no", ["sub/a", "sub/in/no"], ["sub/in", "sub/in/yes"]),
        ("!a\na", ["a"], []),
        ("x/../a", ["a"], ["x"]),
        ("README\n", ["README"], ["readme"]),
    ],
)
def test_what_is_ignored(text: str, out: list[str], stays: list[str]) -> None:
    found = patterns(text)
    assert [path for path in (*out, *stays) if ignored(path, found)] == out


@pytest.mark.parametrize(
    ("text", "folder", "comes"),
    [
        ("*\n!src/main.py", "src", True),
        ("*\n!src/main.py", "docs", False),
        ("*\n!**/*.py", "docs", True),
        ("*\n!src/*/x", "src/deep", True),
        ("*", "src", False),
    ],
)
def test_folders_that_are_looked_into_all_the_same(text: str, folder: str, comes: bool) -> None:
    assert may_come_back(folder, patterns(text)) is comes


DOCKERFILE = """\
# FROM no:1
ARG VERSION=12
ARG BASE="debian:${VERSION}"
FROM --platform=linux/amd64 ${BASE} AS build
ARG TOKENS=1 \\
    # a comment in between
    OTHER
RUN <<EOF
FROM nowhere:1
EOF
RUN cat <<< foo && echo 'std::cout <<x ;' "<<y"
RUN <<-"A" cat >/a && 3<<B cat
FROM nowhere:2
A
FROM nowhere:3
B
from scratch
COPY --from=build /x /x
FROM build
FROM docker.io/library/ubuntu:${NONE:-24.04}
FROM registry.example:5000/a/b@sha256:{digest} as last
FROM Not_A:Name:1
"""


def test_bases() -> None:
    text = DOCKERFILE.replace("{digest}", "a" * 64)
    pinned = f"registry.example:5000/a/b@sha256:{'a' * 64}"
    assert bases(text, {}) == ("debian:12", "ubuntu:24.04", pinned)
    assert bases(text, {"VERSION": "13"})[0] == "debian:13"
    assert bases(text, {"BASE": "busybox"})[0] == "busybox:latest"
    assert bases(text, {"TOKENS": "x"}) == bases(text, {})


def test_arguments() -> None:
    assert arguments(DOCKERFILE) == {"VERSION", "BASE", "TOKENS", "OTHER"}
    assert arguments("RUN ARG x\n") == frozenset()
