"""Builds on real hosts: by the old builder of 20.10, and by BuildKit of 26.1."""

import base64
import io
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.lab import contexts
from tests.lab.engines import ENGINES, Engines
from tests.lab.fleet import Lab, Ran
from tests.lab.test_login import VARIABLE
from tests.lab.workload import SEEN, STAYS, WORDS, files_with

TOKEN = "PRACTICE_BUILD_TOKEN"  # noqa: S105  the name of a variable
SPY = """\
cat > /usr/local/bin/docker <<'EOF'
#!/bin/sh
case $* in *build*)
    (for i in 1 2 3 4 5 6 7 8; do
        for process in /proc/[0-9]*; do tr '\\0' ' ' <$process/cmdline; echo; done
        sleep 0.2
    done >>/var/tmp/seen 2>/dev/null) & ;;
esac
exec /usr/bin/docker "$@"
EOF
chmod 755 /usr/local/bin/docker
"""


@pytest.fixture(scope="module")
def fleet(lab: Lab) -> Iterator[Engines]:
    """Both hosts with their engines."""
    fleet = Engines(lab)
    lab.reset(*fleet.names.values())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, lab.services["password"])
        patch.setenv(TOKEN, WORDS)
        ran = build(fleet, {})
        assert ran.code == 0, ran.output
        for kind, version in ENGINES.items():
            assert fleet.docker(kind, "version -f '{{.Server.Version}}'").startswith(version)
        yield fleet
    lab.reset(*fleet.names.values())


def build(fleet: Engines, builds: dict[str, Any], *flags: str, **more: Any) -> Ran:
    """deploy.py on both hosts with these builds."""
    return fleet.deploy([], *(flags or ("-y",)), **settings(fleet, builds, **more))


def settings(fleet: Engines, builds: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The settings of both hosts besides their images."""
    insecure = [pushes(fleet), fleet.private.partition("/")[0]]
    return {"docker_builds": builds, "docker_insecure_registries": insecure, **more}


def pushes(fleet: Engines) -> str:
    """The registry that takes what is pushed, as Docker names it."""
    return fleet.lab.services["pushes"].removeprefix("http://")


def test_every_kind_of_context(fleet: Engines, tmp_path: Path) -> None:
    contexts.serve("first")
    served = fleet.lab.services["builds"]
    (tmp_path / "alone").write_text("FROM debian:12\nRUN echo alone > /what\n")
    (tmp_path / "made.j2").write_text("FROM debian:12\nRUN echo {{ word }} {{ host }} > /what\n")
    (tmp_path / "beside.j2").write_text("FROM debian:12\nCOPY src/one.py /what\n")
    folder = str(contexts.folder(tmp_path / "app"))
    builds = {
        "lab/folder:1": {
            "context": folder,
            "args": {"GREETING": 'it\'s "me" $HOME', "VERSION": "trixie-slim"},
            "target": "final",
            "tags": ["folder:stable"],
            "labels": {"org.example.lab": "a b"},
        },
        "lab/git:1": {"context": f"{served}/git/app.git#main:docker"},
        "lab/url:1": {"context": f"{served}/files/app.tar.gz"},
        "lab/alone:1": {"dockerfile": str(tmp_path / "alone")},
        "lab/made:1": {"template": str(tmp_path / "made.j2"), "vars": {"word": "made"}},
        "lab/beside:1": {"template": str(tmp_path / "beside.j2"), "context": folder},
        "lab/top:1": {"dockerfile": str(tmp_path / "top")},
        **{
            f"lab/{how}:1": {"context": str(contexts.tar_file(tmp_path, how))}
            for how in ("gz", "bz2", "xz")
        },
    }
    (tmp_path / "top").write_text("FROM lab/made:1\nRUN cat /what /what > /twice\n")
    # Docker's packages recommend it, and do not need it.
    fleet.lab.root(fleet.names["new"], "dpkg --remove --force-depends git")
    dry = build(fleet, builds, "--dry")
    assert f"lab/folder:1: absent -> built from {folder}" in dry.output
    assert "git: not installed -> installed" in dry.output
    assert fleet.tags("new") == set()
    ran = build(fleet, builds)
    assert "2 hosts: 2 changed" in ran.output, ran.output
    for kind, name in fleet:
        for image, said in {
            **{"git": "first", "url": "first", "alone": "alone", "made": f"made {name}"},
            **{"gz": "gz", "bz2": "bz2", "xz": "xz", "beside": "1"},
        }.items():
            assert fleet.docker(kind, f"run --rm lab/{image}:1 cat /what") == said
        twice = fleet.docker(kind, "run --rm lab/top:1 cat /twice")
        assert twice.splitlines() == [f"made {name}"] * 2
        assert fleet.id(kind, "folder:stable") == fleet.id(kind, "lab/folder:1")
        labels = fleet.docker(kind, "image inspect -f '{{json .Config.Labels}}' lab/folder:1")
        assert '"org.example.lab":"a b"' in labels
        fleet.lab.root(name, "! test -e /var/lib/rackwright/builds")
        as_the_guide_has_it(fleet, kind)
        assert_as_docker_itself(fleet, kind, tmp_path / "app")
    fleet.assert_home([], **settings(fleet, builds))


def as_the_guide_has_it(fleet: Engines, kind: str) -> None:
    """What RUN, COPY and WORKDIR made of the folder."""
    run = "run --rm lab/folder:1"
    words = "cat /greeting /etc/os-release /exec /etc/apt/sources.list /etc/pip.conf"
    said = fleet.docker(kind, f"{run} {words}")
    for part in ('it\'s "me" $HOME', 'VERSION_ID="13"', "exec", "/mirror.example/", "pip.example"):
        assert part in said
    listed = fleet.docker(kind, f"{run} sh -c 'pwd; ls -ln'")
    assert listed.startswith("/work/app")
    assert [line.split()[2] for line in listed.splitlines() if ".py" in line] == ["1000", "1000"]
    assert fleet.docker(kind, f"{run} stat -c '%a %u %Y' /all/run") == "755 0 1000000000"


def assert_as_docker_itself(fleet: Engines, kind: str, folder: Path) -> None:
    """Docker makes the same of the whole folder by itself."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        tar.add(folder, arcname="whole")
    sent = base64.b64encode(made.getvalue()).decode()
    words = "--target final -t whole:1 --build-arg GREETING=x --build-arg VERSION=trixie-slim"
    script = f"cd $(mktemp -d); echo {sent} | base64 -d | tar -x; docker build -q {words} whole"
    fleet.lab.root(fleet.names[kind], f"{script}; docker run --rm whole:1 sh -c 'ls -lR /all'")
    ours, theirs = (
        fleet.docker(kind, f"run --rm {image} find /all | sort")
        for image in ("lab/folder:1", "whole:1")
    )
    fleet.docker(kind, "image rm whole:1")
    assert ours == theirs
    assert "/all/secret/public.txt" in ours and "/all/docs/a.md" in ours
    assert "key" not in ours and "a.log" not in ours


def test_built_anew_only_when_something_changed(fleet: Engines, tmp_path: Path) -> None:
    contexts.serve("first")
    url = f"{fleet.lab.services['builds']}/git/app.git#main:docker"
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / ".dockerignore").write_text("*.log\n")
    (tmp_path / "app" / "Dockerfile").write_text("FROM debian:12\nCOPY . /app\nARG A\n")
    (tmp_path / "chance").write_text(
        "FROM debian:12\nRUN cat /proc/sys/kernel/random/uuid > /what\n"
    )
    chance: dict[str, Any] = {"dockerfile": str(tmp_path / "chance")}
    builds = {
        "lab/app:1": {"context": str(tmp_path / "app")},
        "lab/moving:1": {"context": url},
        "lab/chance:1": chance,
    }
    web = {"image": "lab/app:1", "command": STAYS}
    more: dict[str, Any] = {
        "docker_containers": {"web": web, "other": {**web, "image": "debian:12"}},
        "docker_prune": {"dangling": True},
    }
    ran = build(fleet, builds, **more)
    assert ran.code == 0, ran.output
    for kind, name in fleet:
        fleet.docker(kind, "pull debian:13")
        fleet.lab.root(name, "docker tag debian:13 kept:1")
    (tmp_path / "app" / "x.log").write_text("ignored")
    contexts.serve("second")
    fleet.assert_home([], **settings(fleet, builds, **more))

    def ids() -> dict[str, list[str]]:
        images = ("lab/app:1", "lab/moving:1")
        return {kind: [fleet.id(kind, each) for each in images] for kind in ENGINES}

    def drawn() -> list[str]:
        return [fleet.docker(kind, "run --rm lab/chance:1 cat /what") for kind in ENGINES]

    before, others = ids(), {kind: started(fleet, kind, "other") for kind in ENGINES}
    lot, chance["labels"] = drawn(), {"n": "1"}
    (tmp_path / "app" / "new").write_text("new")
    dry = build(fleet, builds, "--dry", **more)
    assert "because context or Dockerfile changed" in dry.output
    assert "because lab/app:1 is another image now" in dry.output
    ran = build(fleet, builds, **more)
    assert "2 hosts: 2 changed" in ran.output, ran.output
    for kind in ENGINES:
        assert ids()[kind][0] != before[kind][0]
        assert ids()[kind][1] == before[kind][1]
        assert fleet.docker(kind, "exec web cat /app/new") == "new"
        assert started(fleet, kind, "other") == others[kind]
        assert before[kind][0] not in fleet.docker(kind, "image ls -aq --no-trunc")
    fleet.assert_home([], **settings(fleet, builds, **more))

    assert drawn() == lot  # of Docker's cache
    chance |= {"labels": {"n": "2"}, "no_cache": True}
    more["docker_build_refresh"] = True
    ran = build(fleet, builds, **more)
    assert "2 hosts: 2 changed" in ran.output, ran.output
    assert not set(drawn()) & set(lot)
    for kind in ENGINES:
        assert fleet.docker(kind, "run --rm lab/moving:1 cat /what") == "second"
        # Another base, as a pull brings it.
        fleet.docker(kind, "tag debian:13 debian:12")
    del more["docker_containers"]["other"]
    dry = build(fleet, builds, "--dry", **more)
    assert "it is built on debian:12, which is another image now" in dry.output
    assert build(fleet, builds, **more).code == 0
    for kind in ENGINES:
        assert 'VERSION_ID="13"' in fleet.docker(kind, "exec web cat /etc/os-release")
        fleet.docker(kind, "rm -f web other")


def started(fleet: Engines, kind: str, container: str) -> str:
    """When a container was started."""
    return fleet.docker(kind, "inspect -f '{{.State.StartedAt}}'", container)


def test_a_build_that_fails_says_where_and_loses_nothing(fleet: Engines, tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("FROM debian:12\nRUN echo good > /what\n")
    builds = {"lab/app:1": {"dockerfile": str(file)}}
    assert build(fleet, builds).code == 0
    before = {kind: fleet.id(kind, "lab/app:1") for kind in ENGINES}
    step = "RUN echo nearly there; ls /nothing/here"
    for text, reasons in {
        f"FROM debian:12\n{step}\n": (step, "nearly there", "/nothing/here: No such file"),
        "FROM debian:12\nRUNN x\n": ("unknown instruction: RUNN", "parse error"),
        "FROM debian:12\nCOPY nothing /x\n": ("COPY nothing /x", "not found"),
        "FROM nosuch:1\n": ("cannot pull nosuch:1", "no mirror gave the image"),
    }.items():
        file.write_text(text)
        ran = build(fleet, builds)
        assert ran.code == 1
        table = " ".join(ran.output.partition("┏")[2].replace("│", " ").split())
        assert table.count("failed Builds | ") == 2
        for reason in reasons:
            assert table.count(reason) >= 2, f"{reason} is not in {table}"
        if "nosuch" not in text:
            assert table.count("cannot build lab/app:1: ") == 2
            assert table.count("the image from before stays") == 2
        assert {kind: fleet.id(kind, "lab/app:1") for kind in ENGINES} == before
    for name in fleet.names.values():
        fleet.lab.root(name, "! test -e /var/lib/rackwright/builds")
    file.write_text("FROM debian:12\nRUN echo good > /what\n")
    ran = build(fleet, builds)
    assert ran.code == 0, ran.output
    fleet.assert_home([], **settings(fleet, builds))


def test_what_is_pushed(fleet: Engines, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:12\nRUN echo pushed > /what\n")
    name = f"{pushes(fleet)}/lab/pushed"
    entry = {"dockerfile": str(tmp_path / "Dockerfile"), "push": True}
    builds = {f"{name}:1": {**entry, "tags": [f"{name}:stable", "pushed:local"]}}
    ran = build(fleet, builds)
    assert "2 hosts: 2 changed" in ran.output, ran.output
    url = f"{fleet.lab.services['pushes']}/v2/lab/pushed/tags/list"
    assert set(requests.get(url, timeout=10).json()["tags"]) == {"1", "stable"}
    fleet.assert_home([], **settings(fleet, builds))
    fleet.docker("old", f"image rm -f {name}:1 {name}:stable pushed:local")
    fleet.docker("old", f"pull {name}:stable")
    assert fleet.docker("old", f"run --rm {name}:stable cat /what") == "pushed"
    private = f"{fleet.private.partition('/')[0]}/lab/pushed:1"
    ran = build(fleet, {private: entry}, docker_registry_logins={})
    assert ran.code == 1
    assert len(re.findall(rf"\] +cannot push {private}: .*asks for a login", ran.output)) == 2


def test_secrets_are_in_no_argument_no_image_and_no_log(fleet: Engines, tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    mount = "RUN --mount=type=secret,id=TOKEN"
    file.write_text(
        f"FROM debian:12\n{mount} sleep 1; busybox wc -c < /run/secrets/TOKEN > /what\n"
    )
    builds = {"lab/secret:1": {"dockerfile": str(file), "secrets": {"TOKEN": {"env": TOKEN}}}}
    for name in fleet.names.values():
        fleet.lab.root(name, SPY)
    try:
        ran = build(fleet, builds, "-y", "-vvv", "--debug")
        file.write_text(f"FROM debian:12\n{mount} echo it is $(cat /run/secrets/TOKEN); false\n")
        failed = build(fleet, builds, "-y", "-vvv")
        assert ran.code == 0, ran.output
        assert failed.code == 1
        assert failed.output.count("it is ***") >= 2
        for kind, name in fleet:
            assert fleet.docker(kind, "run --rm lab/secret:1 cat /what") == str(len(WORDS))
            seen = fleet.lab.root(name, "cat /var/tmp/seen; rm /var/tmp/seen")
            assert "--secret=id=TOKEN" in seen
            assert SEEN not in seen
            assert SEEN not in fleet.docker(kind, "history --no-trunc lab/secret:1")
            assert files_with(fleet.lab, name, SEEN) == []
        assert SEEN not in ran.output + failed.output
    finally:
        for name in fleet.names.values():
            fleet.lab.root(name, "rm -f /usr/local/bin/docker /var/tmp/seen")


def test_bad_input_is_one_error_and_no_host_is_touched(fleet: Engines, tmp_path: Path) -> None:
    before = {name: fleet.lab.fingerprint(name) for _, name in fleet}
    missing = str(tmp_path / "missing")
    for build_, sentence in (
        ({"context": missing}, f"docker_builds.lab/app:1: {missing}: there is no such folder"),
        ({"context": "-rf"}, "docker_builds.lab/app:1.context: write a path of one line"),
        ({"dockerfile": "x", "args": {"A": "1\n--x"}}, "docker_builds.lab/app:1.args.A: write one"),
    ):
        ran = build(fleet, {"lab/app:1": build_})
        assert ran.code == 1
        for name in fleet.names.values():
            assert ran.output.count(f"{name}: {sentence}") == 1, ran.output
        assert "no host was touched" in ran.output
    assert {name: fleet.lab.fingerprint(name) for _, name in fleet} == before


def test_a_training_image_on_a_base_without_a_gpu(fleet: Engines, tmp_path: Path) -> None:
    """PyTorch is a stand-in from the lab's index; base and packages are Debian's own."""
    services = fleet.lab.services
    index, archive = f"{services['index']}/simple", f"{services['archive']}/debian"
    security = "http://security.example/debian-security trixie-security main"
    line = f"RUN echo 'deb {security}' >> /etc/apt/sources.list"
    (tmp_path / "base").write_text(f"FROM debian:trixie-slim\n{line}\n")
    variables = {"base": "lab/base:1", "apt_packages": ["tini"], "pip_packages": ["practice"]}
    entry = {
        "template": "templates/training.Dockerfile.j2",
        "vars": {**variables, "torch_index_url": index, "user": "ada"},
        "args": {"APT_MIRROR": archive, "APT_SECURITY_MIRROR": f"{archive}-security"},
    }
    mirrors = {
        "pip_index_url": index,
        "pip_trusted_host": services["index"].removeprefix("http://"),
    }
    builds = {"lab/base:1": {"dockerfile": str(tmp_path / "base")}, "lab/training:1": entry}
    ran = build(fleet, builds, **mirrors)
    assert ran.code == 0, ran.output
    script = (
        'python -c "import torch, practice; print(torch.__version__, torch.STAND_IN)"; '
        "id -un; pwd; locale charmap; ls -A /var/lib/apt/lists /root/.cache 2>/dev/null | wc -l; "
        "tini --version; cat /etc/apt/sources.list; pip config list"
    )
    lines = ["2.0.0+standin True", "ada", "/workspace", "UTF-8"]
    for kind in ENGINES:
        said = fleet.docker(kind, f"run --rm lab/training:1 sh -c '{script}'")
        assert said.splitlines()[:4] == lines
        assert f"{archive} trixie main" in said
        assert f"{archive}-security trixie-security main" in said
        assert f"global.index-url='{index}'" in said
        assert f"global.trusted-host='{mirrors['pip_trusted_host']}'" in said
        layers = fleet.docker(
            kind, "history --no-trunc --format '{{.Size}} {{.CreatedBy}}' lab/training:1"
        )
        steps = [line for line in layers.splitlines() if "/bin/sh -c" in line]
        made = [line for line in steps if "#(nop)" not in line and not line.startswith("0B")]
        assert len(made) == 1 + 4, layers
    fleet.assert_home([], **settings(fleet, builds, **mirrors))
