"""One command for all hosts: images and containers on an engine of 20.10 and one of 26.1."""

import csv
import json
import os
import pty
import re
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rackwright import exits
from tests.lab import contexts
from tests.lab.fleet import RACKWRIGHT, ROOT, Lab, Ran

ENGINES = ("20.10", "26.1")
CLEAN = """
docker ps -aq | xargs -r docker rm -fv >/dev/null
docker system prune -af >/dev/null
docker volume ls -q | xargs -r docker volume rm >/dev/null
"""
# The first build loses its name to the second; the classic builder leaves layers in between.
BUILD = r"""
docker pull -q debian:12
mkdir -p /tmp/app && cd /tmp/app
printf 'FROM debian:12\nCOPY text /text\nENV A=b\nLABEL c=d\n' >Dockerfile
for text in first second; do echo $text >text; DOCKER_BUILDKIT=0 docker build -q -t app:1 .; done
docker tag app:1 app:2
"""


@pytest.fixture(scope="module")
def inventory(lab: Lab) -> Iterator[str]:
    """Two hosts with an engine each, one that greets, and the dirty one, which lets nobody in."""
    lab.reset(lab.debian13, lab.ubuntu)
    data: dict[str, dict[str, object]] = {
        lab.debian13: {"docker_version": "20.10"},
        lab.ubuntu: {"docker_version": "26.1"},
        lab.dirty: {"ssh_port": 1},
    }
    deployed = lab.deploy(limit=(lab.debian13, lab.ubuntu), data=data)
    assert deployed.code == 0, deployed.output
    for name, version in zip((lab.debian13, lab.ubuntu), ENGINES, strict=True):
        assert lab.root(name, "docker version -f '{{.Server.Version}}'").startswith(version)
    with lab.greeted(lab.debian13):
        yield str(lab.inventory(data))
    for name in (lab.debian13, lab.ubuntu):
        lab.root(name, CLEAN)


@pytest.fixture
def fleet(lab: Lab, inventory: str) -> "Fleet":
    """Both hosts with the images of BUILD and nothing else."""
    with ThreadPoolExecutor() as both:
        list(both.map(lambda name: lab.root(name, CLEAN + BUILD), (lab.debian13, lab.ubuntu)))
    return Fleet(lab, inventory)


class Fleet:
    """The rackwright command on both hosts."""

    def __init__(self, lab: Lab, inventory: str) -> None:
        self.lab, self.inventory = lab, inventory
        self.names = (lab.debian13, lab.ubuntu)

    def __call__(self, command: str, *words: str, limit: str = "") -> Ran:
        limits = [limit] if limit else self.names
        flags = [flag for name in limits for flag in ("--limit", name)]
        return self.lab.rackwright(command, self.inventory, *flags, *words)

    def done(self, command: str, *words: str, limit: str = "") -> str:
        """The output of a command that did what it should."""
        ran = self(command, *words, limit=limit)
        assert ran.code == 0, ran.output
        return ran.output

    def has(self, name: str, kind: str) -> set[str]:
        """What a host has of a kind, as Docker itself says on the host."""
        flags = {
            "container": "-a --format '{{.Names}}'",
            "image": "--format '{{.Repository}}:{{.Tag}}'",
            "volume": "-q",
        }
        return set(self.lab.root(name, f"docker {kind} ls {flags[kind]}").split())


def test_images_in_every_form(fleet: Fleet) -> None:
    table = fleet.done("images")
    for name in fleet.names:
        assert sum(line.startswith(f"│ {name} ") for line in table.splitlines()) == 4 + 1
    assert table.count("done    │ 3 images, 5.9") == 2  # app has two names
    assert "2 hosts: 2 done; 11.9MB in all" in table
    rows = json.loads(fleet.done("images", "--format", "json", "--digests", "debian"))
    assert [(row["Host"], row["Tag"]) for row in rows] == [(name, "12") for name in fleet.names]
    assert all(row["Digest"].startswith("sha256:") for row in rows)
    every = list(csv.DictReader(fleet.done("images", "--all", "--format", "csv").splitlines()))
    named = fleet.done("images", "--format", "{{.Host}} {{lower .ID}}").splitlines()
    assert len(named) == 2 * 4
    assert named[0].startswith(f"{fleet.names[0]} ")
    assert len(every) > len(named)  # the layers in between
    assert {row["Repository"] for row in every} == {"app", "debian", "<none>"}


def test_filters_are_docker_s_own(fleet: Fleet) -> None:
    form = ("--format", "{{.Host}} {{.Repository}}:{{.Tag}}")
    dangling = fleet.done("images", "--filter", "dangling=true", *form)
    assert dangling.split("\n") == [*(f"{name} <none>:<none>" for name in fleet.names), ""]
    since = fleet.done("images", "--filter", "since=debian:12", *form, limit=fleet.names[0])
    assert "debian:12" not in since
    assert "app:2" in since
    wrong = fleet("images", "--filter", "since=nonsense:1", *form)
    assert wrong.code == 3
    assert wrong.output.count("No such image: nonsense:1") == 2


def test_a_host_out_of_reach_is_in_the_table(fleet: Fleet) -> None:
    ran = fleet.lab.rackwright("containers", fleet.inventory)
    assert ran.code == 3
    assert "3 hosts: 2 done, 1 unreachable;" in ran.output
    assert f"│ {fleet.lab.dirty}" in ran.output
    formed = fleet.lab.rackwright("containers", fleet.inventory, "--format", "json")
    assert formed.code == 3
    assert f"{fleet.lab.dirty}: unreachable: " in formed.output


def test_a_one_off_container_runs_on_all_hosts_and_goes(fleet: Fleet) -> None:
    command = ("debian:12", "--", "sh", "-c", 'printf "$A $0\\377"; cat /etc/hostname >&2')
    output = fleet.done("run", "-e", "A=it's $HOME", *command)
    for name in fleet.names:
        assert f"{name} | it's $HOME sh\ufffd\n" in output
        assert fleet.has(name, "container") == set()
    failed = fleet("run", "--keep", "--name", "kept", "debian:12", "--", "sh", "-c", "exit 7")
    assert failed.code == 3
    assert failed.output.count("exit code 7") == 2
    assert fleet.has(fleet.names[0], "container") == {"kept"}


def test_a_container_s_life(fleet: Fleet) -> None:
    loop = "trap 'echo ended; exit' TERM; echo began; while :; do /bin/busybox sleep 0.1; done"
    fleet.done("run", "-d", "--name", "web", "debian:12", "--", "sh", "-c", loop)
    listed = fleet.done("containers", "--size")
    (row, _) = json.loads(fleet.done("containers", "--format", "json"))
    assert (row["Names"], row["State"], row["Image"]) == ("web", "running", "debian:12")
    assert "Size" not in row
    assert listed.count("│ web") == 2
    assert listed.count("1 container, 0B") == 2
    assert (
        fleet.done("exec", "web", "-w", "/etc", "--", "ls", "os-release").count("os-release") == 2
    )
    wrong = fleet("exec", "web", "--", "ls", "/nonexistent")
    assert wrong.code == 3
    assert wrong.output.count("exit code 1: ls: /nonexistent: No such file") == 2
    fleet.done("stop", "web")
    logs = fleet.done("logs", "web")
    for name in fleet.names:
        said = [line for line in logs.splitlines() if line.startswith(f"{name} | ")]
        assert said == [f"{name} | began", f"{name} | ended"]
    moment = fleet.lab.root(fleet.names[0], "date -u +%FT%T.%NZ").strip()
    assert "began" not in fleet.done("logs", "web", "--tail", "1")
    assert "│ web" not in fleet.done("containers")
    fleet.done("start", "web")
    assert fleet.done("restart", "web", "--time", "5").count("restarted web") == 2
    assert fleet.done("logs", "web").count("began") == 2 * 3
    since = fleet.done("logs", "web", "--since", moment, limit=fleet.names[0])
    assert (since.count("| began"), since.count("| ended")) == (2, 1)
    nowhere = fleet("stop", "nowhere")
    assert nowhere.code == 3
    assert nowhere.output.count("No such container: nowhere") == 2


def test_one_host_can_be_entered(fleet: Fleet) -> None:
    name = fleet.names[1]
    fleet.done("run", "-d", "--name", "web", "debian:12", "--", "sleep", "600")
    assert fleet("exec", "-it", "web", "--", "sh").code == 4  # two hosts
    typed = "tty=$(busybox tty); echo is ${tty#/dev/}\nexit\n"
    line = ("exec", fleet.inventory, "--limit", name, "web", "-it", "--", "sh")
    said = entered(line, ("", typed))
    assert said.code == 0, said.output
    assert "is pts/" in said.output
    line = ("run", fleet.inventory, "--limit", name, "debian:12", "-it", "--", "sh")
    said = entered(line, ("", "exit 4\n"))
    assert said.code == 3
    assert f"{name}: exit code 4" in said.output
    assert fleet.has(name, "container") == {"web"}


def test_a_container_s_own_terminal_is_left_and_ended(fleet: Fleet) -> None:
    for name in fleet.names:
        fleet.lab.root(name, "docker run -dit --name shell debian:12 sh")
        line = ("attach", fleet.inventory, name, "shell")
        echo = ("", "echo $((6*7)) in $0\n")
        left = entered(line, echo, ("42 in sh", "\x10\x11"))
        assert left.code == 0, left.output
        running = "docker inspect -f '{{.State.Running}}' shell"
        assert fleet.lab.root(name, running).strip() == "true"
        ended = entered(line, echo, ("42 in sh", "exit 5\n"))
        assert ended.code == 3
        assert f"{name}: exit code 5" in ended.output
        assert fleet.lab.root(name, running).strip() == "false"
    gone = entered(line)
    assert gone.code == 3
    assert "cannot attach to a stopped container" in gone.output


def entered(words: tuple[str, ...], *steps: tuple[str, str]) -> Ran:
    """What a command says on a terminal where, once it has said something, this is typed."""
    ours, theirs = pty.openpty()
    line, todo = [RACKWRIGHT, *words], list(steps)
    with subprocess.Popen(line, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        output = b""
        try:
            while True:
                while todo and todo[0][0] in output.decode(errors="replace"):
                    os.write(ours, todo.pop(0)[1].encode())
                output += os.read(ours, 4096)
        except OSError:  # Linux: EIO when nobody holds the other side any more
            pass
        os.close(ours)
        assert not todo, output
        return Ran(process.wait(timeout=60), output.decode())


def test_files_go_out_of_one_host_and_into_all(fleet: Fleet, tmp_path: Path) -> None:
    file = tmp_path / "web.tar"
    blob = "head -c 9000000 /dev/urandom >/blob; busybox sha256sum /blob"
    fleet.lab.root(fleet.names[0], "docker run -d --name web debian:12 sleep 600")
    summed = fleet.done(
        "exec", "web", "--", "sh", "-c", blob.replace("head", "busybox head"), limit=fleet.names[0]
    )
    ran = fleet.lab.rackwright("export", fleet.inventory, fleet.names[0], "web", str(file))
    assert ran.code == 0, ran.output
    with tarfile.open(file) as archive:
        assert archive.getmember("blob").size == 9000000
    fleet.done("import", str(file), "lab/web:1")
    changed = ("--change", 'CMD ["busybox", "sha256sum", "/blob"]')
    again = " ".join(fleet.done("import", str(file), "lab/web:1", *changed).split())
    assert len(re.findall(r"lab/web:1 is [0-9a-f]{12}, and was [0-9a-f]{12} ", again)) == 2, again
    digest = summed.split("| ")[1].split()[0]
    assert fleet.done("run", "lab/web:1").count(digest) == 2
    refused = fleet("import", str(file), "lab/no:1", "--change", "RUN ls")
    assert refused.code == 3
    assert refused.output.count("is not a valid change command") == 2


def test_an_image_of_a_url_of_a_compressed_tar_and_of_a_folder(
    fleet: Fleet, tmp_path: Path
) -> None:
    contexts.serve("afar")
    url = f"{fleet.lab.services['builds']}/files/app.tar.gz"
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "what").write_text("folder\n")
    os.chown(folder / "what", 1234, 4321)
    fleet.done("import", url, "lab/afar:1")
    fleet.done("import", str(folder), "lab/folder:1")
    for how in ("bz2", "xz"):  # gzip is what comes from the URL, and what a folder is sent as
        fleet.done("import", str(contexts.tar_file(tmp_path, how)), f"lab/{how}:1")
    for name in fleet.names:
        for kind in ("afar", "folder", "bz2", "xz"):
            fleet.lab.root(name, f"docker create --name {kind} lab/{kind}:1 true")
            copy = f"docker cp {kind}:/what - | tar --numeric-owner"
            assert fleet.lab.root(name, f"{copy} -xO").strip() == kind
        assert " 1234/4321 " in fleet.lab.root(name, "docker cp folder:/what - | tar -nvt")
    missing = fleet("import", f"{url}.missing", "lab/missing:1")
    assert missing.code == 3
    said = " ".join(missing.output.replace("│", " ").split())
    assert said.count("404 Not Found") == 2, missing.output
    assert "html" not in said


def test_an_export_is_whole_or_not_there(fleet: Fleet, tmp_path: Path) -> None:
    file = tmp_path / "web.tar"
    file.write_text("precious")
    words = ("export", fleet.inventory, fleet.names[0], "nowhere", str(file))
    assert fleet.lab.rackwright(*words).code == 5
    failed = fleet.lab.rackwright(*words, "--force")
    assert failed.code == 3
    assert "No such container: nowhere" in failed.output
    assert file.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [file]


def test_a_container_is_removed_where_it_is_after_a_yes(fleet: Fleet) -> None:
    first, _ = fleet.names
    volumes = "-v /nameless -v data:/data"
    fleet.lab.root(first, f"docker run -d {volumes} --name web debian:12 sleep 600")
    running = fleet("rm", "web", "--yes")
    assert running.code == 3
    assert "web is running; stop it first (rackwright stop), or add --force" in running.output
    assert "not there: web" in running.output
    unanswered = fleet("rm", "web", "--force")  # Enter is a no
    assert unanswered.code == 5
    assert "Remove 1 container from 1 host? [y/N]" in unanswered.output
    assert fleet.has(first, "container") == {"web"}
    assert "1 container removed" in fleet.done("rm", "web", "--force", "--yes")
    assert fleet.has(first, "container") == set()
    assert len(fleet.has(first, "volume")) == 2
    fleet.lab.root(first, f"docker create {volumes} --name web debian:12")
    assert len(fleet.has(first, "volume")) == 3
    fleet.done("rm", "web", "--volumes", "--yes")
    assert len(fleet.has(first, "volume")) == 2
    assert "data" in fleet.has(first, "volume")
    assert fleet.done("rm", "web").count("not there: web") == 2


def test_an_image_goes_with_its_last_name_unless_it_is_used(fleet: Fleet) -> None:
    for name in fleet.names:
        fleet.lab.root(name, "docker create --name user app:1 true")
    assert fleet.done("rmi", "app:1", "--yes").count("untagged; stays as app:2") == 2
    used = fleet("rmi", "app:2", "debian:12", "--yes")
    assert used.code == 3
    assert used.output.count("app:2 is used by the containers user") == 2
    for name in fleet.names:
        assert fleet.has(name, "image") >= {"app:2", "debian:12"}
        fleet.lab.root(name, "docker rm user")
    identity = fleet.lab.root(fleet.names[0], "docker images -q app:2").strip()
    assert "deleted, 1.9" in fleet.done("rmi", identity, "--yes", limit=fleet.names[0])
    assert fleet.has(fleet.names[0], "image") == {"debian:12", "<none>:<none>"}


def test_an_image_without_a_name_gets_one_by_its_id(fleet: Fleet) -> None:
    first, second = fleet.names
    (identity,) = fleet.lab.root(first, "docker images -qf dangling=true").split()
    done = fleet.done("tag", identity, "app:old", limit=first)
    assert f"app:old is {identity}" in done
    assert fleet.lab.root(first, "docker images -q app:old").split() == [identity]
    assert fleet.lab.root(first, "docker images -qf dangling=true") == ""
    assert "app:old is " in fleet.done("tag", "debian:12", "app:old", limit=second)
    moved = fleet.done("tag", "debian:12", "app:old")
    assert f", and was {identity}" in moved
    assert "already" in moved
    partly = fleet("tag", identity, "app:old")
    assert partly.code == 3
    assert f"No such image: {identity}" in partly.output
    log = fleet.lab.root(first, "tail -n 1 /var/log/rackwright.jsonl")
    assert json.loads(log)["to"] == f"tag of {identity}", log


def test_a_prune_takes_what_it_shows_and_nothing_else(fleet: Fleet) -> None:
    for name in fleet.names:
        fleet.lab.root(
            name,
            "docker run -d -v used:/used --name stays app:1 sleep 600; docker create --name gone "
            "-v /anonymous debian:12 true; docker network create lone; docker volume create data",
        )
    kinds = ("--containers", "--images", "--networks", "--volumes")
    young = fleet.done("prune", *kinds, "--older-than", "1h", "--yes")
    assert young.count("nothing to remove") == 2
    assert fleet("prune", *kinds).code == 5
    shown = fleet.done("prune", *kinds, "--yes")
    assert shown.count("1 container, 1 image, 1 network removed") == 2
    for name in fleet.names:
        assert fleet.has(name, "container") == {"stays"}
        assert fleet.has(name, "image") == {"app:1", "app:2", "debian:12"}
    # The volume without a name was held by the container.
    shown = fleet.done("prune", *kinds, "--unused-images", "--build-cache", "--yes")
    assert shown.count("1 image, 1 volume removed") == 2
    for name in fleet.names:
        assert fleet.has(name, "volume") == {"data", "used"}
        assert fleet.has(name, "image") == {"app:1", "app:2"}
    assert fleet.done("prune", "--named-volumes", "--yes").count("1 volume removed") == 2
    assert fleet.has(fleet.names[0], "volume") == {"used"}


def test_logs_that_are_followed_until_ctrl_c(fleet: Fleet) -> None:
    loop = "i=0; while true; do i=$((i+1)); echo line $i; sleep 0.2; done"
    for name in fleet.names:
        fleet.lab.root(name, f"docker run -d --name talks debian:12 sh -c '{loop}'")
    silent = "docker run -d --name silent debian:12 sleep 100000"
    fleet.lab.root(fleet.names[0], silent)
    for container, code in (("talks", 0), ("silent", exits.FAILED)):
        limits = [word for name in fleet.names for word in ("--limit", name)]
        command = [RACKWRIGHT, "logs", fleet.inventory, container, *limits]
        command += ["--follow", "--tail", "all"]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            waiting = {f"{name} | line 1\n" for name in fleet.names}
            if container == "silent":
                # One host has it and says nothing, the other says at once that it has not.
                waiting = {f"{fleet.names[1]}: failed: exit code 1: No such container: silent\n"}
            said = []
            while waiting:
                said.append(process.stdout.readline() if process.stdout else "")
                assert said[-1], said
                waiting.discard(said[-1])
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read() if process.stdout else ""
        assert process.returncode == code, rest
        assert "Traceback" not in rest
        assert "interrupted" not in rest
        for name in fleet.names:
            # Nobody goes on to follow on the host.
            fleet.lab.root(
                name,
                "for i in $(seq 50); do pgrep -f '[d]ocker logs' >/dev/null || exit 0; "
                "sleep 0.2; done; exit 1",
            )
