"""A Docker host becomes a bare one: what is ours goes, data only when asked for."""

import json

import pytest

from lab import counter
from tests.lab.fleet import Lab, Ran

DOCKER = ("docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin")
LOOK = (
    "find /etc/apt /etc/docker /etc/containerd /etc/systemd /etc/default -type f"
    " ! -name daemon.json 2>/dev/null | xargs sha256sum | sort -k2; getent group docker || true;"
    " systemctl list-unit-files 'docker*' 'containerd*' --no-legend || true;"
    " find /var/lib/docker /var/lib/containerd /var/lib/rackwright /home/*/.docker /root/.docker"
    " -mindepth 1 2>/dev/null | head || true"
)


def purge(lab: Lab, name: str, *words: str) -> Ran:
    """Run the purge on one host, with these words."""
    path = lab.inventory({})
    return lab.pyinfra("-y", str(path), "tasks.purge.purge", *words, "--limit", name)


@pytest.fixture(scope="module")
def dirty(lab: Lab) -> str:
    """A host that had docker.io, with a container that runs, held packages and a foreign member."""
    name: str = lab.dirty
    lab.reset(name)
    ran = lab.deploy(limit=[name])
    assert ran.code == 0, ran.output
    lab.root(
        name,
        "apt-mark hold docker-ce containerd.io; gpasswd --add bob docker; "
        "test -x /var/lib/docker/nuke-graph-directory.sh; "
        "docker volume create kept; echo precious > /var/lib/docker/volumes/kept/_data/file; "
        "install -D -m 644 /dev/null /var/lib/containers/storage/podman",
    )
    return name


def test_running_containers_are_named_and_stop_nothing_without_the_word(
    lab: Lab, dirty: str
) -> None:
    before = lab.fingerprint(dirty)
    refused = purge(lab, dirty, "data=true")
    assert refused.code != 0
    assert "the containers old-app run here; stop_containers=true stops them" in refused.output
    assert "1 host: 1 failed" in refused.output
    assert lab.fingerprint(dirty) == before
    assert lab.root(dirty, "docker ps --format '{{.Names}}'").strip() == "old-app"


@pytest.fixture(scope="module")
def shown(lab: Lab, dirty: str) -> Ran:
    """What a purge with all words would do."""
    words = ("data=true", "stop_containers=true", "--dry", "--limit", dirty)
    return lab.pyinfra(str(lab.inventory({})), "tasks.purge.purge", *words)


@pytest.fixture(scope="module")
def purged(lab: Lab, dirty: str, shown: Ran) -> Ran:
    """A purge that keeps the data."""
    return purge(lab, dirty, "stop_containers=true")


def test_the_plan_is_shown_first(lab: Lab, shown: Ran) -> None:
    assert "impact: data loss, stops the containers old-app" in shown.output
    for line in (
        "running containers: old-app -> stopped",
        "docker-ce: 5:26.1.5-1~debian.12~bookworm, held -> purged",
        "/var/lib/docker: Docker's data (1 containers, 1 volumes) -> deleted",
        "/etc/apt/keyrings/docker.asc: there -> removed",
        "alice: in group docker -> not a member",
    ):
        assert f"  purge       {line}\n" in shown.output, shown.output
    assert "note: group docker stays: bob is in it" in shown.output
    assert "1 host: 1 would change" in shown.output


def test_all_that_is_ours_is_gone(lab: Lab, dirty: str, purged: Ran) -> None:
    assert purged.code == 0, purged.output
    assert "1 host: 1 changed" in purged.output
    left = lab.root(
        dirty, "dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n'; apt-mark showhold"
    )
    assert not [line for line in left.splitlines() if line.split()[-1] in DOCKER]
    host = lab.inspect(dirty)
    for path in (
        "/etc/apt/sources.list.d/docker.sources",
        "/etc/apt/keyrings/docker.asc",
        "/var/lib/rackwright",
    ):
        assert not host.file(path).exists, path
    assert lab.services["repo_url"] not in lab.root(dirty, "apt-get update --print-uris")
    assert host.group("docker").members == ["bob"]
    assert not lab.root(dirty, "pgrep -l 'dockerd|containerd' || true")


def test_data_and_what_is_the_admin_s_stay(lab: Lab, dirty: str, purged: Ran) -> None:
    assert "images, containers and volumes stay in /var/lib/docker" in purged.output
    assert lab.root(dirty, "cat /var/lib/docker/volumes/kept/_data/file") == "precious\n"
    keys = json.loads(lab.root(dirty, "cat /etc/docker/daemon.json"))
    admins = {"debug": True, "labels": ["owner=infra"], "max-concurrent-downloads": 4}
    assert admins.items() <= keys.items()
    assert lab.root(dirty, "ls /var/backups/rackwright").count(".tar.gz") == 2
    assert lab.root(dirty, "ls /var/lib/containers/storage").strip() == "podman"
    assert '"task": "purge"' in lab.root(dirty, "cat /var/log/rackwright.jsonl")


def test_a_second_purge_has_nothing_to_change(lab: Lab, dirty: str, purged: Ran) -> None:
    counter.start(dirty)
    again = purge(lab, dirty, "stop_containers=true")
    assert counter.stop(dirty) == 2
    assert "1 host: 1 unchanged" in again.output, again.output


def test_a_purged_host_comes_back_with_its_data(lab: Lab, dirty: str, purged: Ran) -> None:
    ran = lab.deploy(limit=[dirty])
    assert "1 host: 1 changed" in ran.output, ran.output
    assert "old-app" in lab.root(dirty, "docker ps --all --format '{{.Names}}'")
    assert "kept" in lab.root(dirty, "docker volume ls -q")
    assert "Hello from Docker!" in lab.login(dirty, "alice", "docker run --rm hello-world").output


@pytest.fixture(scope="module")
def bare(lab: Lab) -> tuple[str, str]:
    """A host that was bare, and how it looked then; the older engine's data has its own place."""
    name: str = lab.debian13
    lab.reset(name)
    lab.root(
        name,
        'install -d /etc/docker; echo \'{"data-root": "/srv/docker"}\' > /etc/docker/daemon.json',
    )
    before = lab.root(name, LOOK)
    ran = lab.deploy(limit=[name], data={name: {"docker_version": "20.10"}})
    assert ran.code == 0, ran.output
    assert lab.root(name, "docker version -f '{{.Server.Version}}'").startswith("20.10")
    logs_in = "mkdir -p ~/.docker; echo {} > ~/.docker/config.json"
    lab.root(
        name,
        f"for user in root alice bob; do su - $user -c '{logs_in}'; done; "
        "docker volume create gone; test -d /srv/docker/volumes/gone",
    )
    return name, before


def test_with_all_words_a_host_is_as_it_was(lab: Lab, bare: tuple[str, str]) -> None:
    name, before = bare
    ran = purge(lab, name, "data=true", "config=true")
    assert "1 host: 1 changed" in ran.output, ran.output
    bobs = "/home/bob/.docker/config.json"
    assert lab.root(name, LOOK).replace(f"{bobs}\n", "") == before
    assert lab.root(name, f"cat {bobs}") == "{}\n"
    keys = json.loads(lab.root(name, "cat /etc/docker/daemon.json"))
    assert keys["data-root"] == "/srv/docker"
    assert not lab.inspect(name).file("/srv/docker").exists


def test_a_purge_that_dies_is_taken_up(lab: Lab, bare: tuple[str, str]) -> None:
    name, before = bare
    ran = lab.deploy(limit=[name])
    assert ran.code == 0, ran.output
    lab.deploy_and_kill(name, "Docker's packages are purged", "tasks.purge.purge", "data=true")
    lab.root(name, "while pgrep -x apt-get; do sleep 0.2; done >/dev/null")
    ran = purge(lab, name, "data=true", "config=true")
    assert "1 host: 1 changed" in ran.output, ran.output
    assert lab.root(name, LOOK).replace("/home/bob/.docker/config.json\n", "") == before
    again = purge(lab, name, "data=true", "config=true")
    assert "1 host: 1 unchanged" in again.output, again.output


@pytest.mark.parametrize("word", ["data=yes", "dta=true"])
def test_a_wrong_word_touches_no_host(lab: Lab, dirty: str, word: str) -> None:
    ran = purge(lab, dirty, word)
    assert ran.code != 0
    assert "no host was touched" in ran.output, ran.output
