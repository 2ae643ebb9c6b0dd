"""daemon.json on hosts in use: what changes reloads or restarts, what is refused, what comes back.

`debian13` runs Engine 26.1, which can judge a daemon.json (`dockerd --validate`); `ubuntu` runs
20.10, which cannot. On both a container runs that nothing here may stop.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.fleet import Lab, Ran

ENGINES = pytest.mark.parametrize("kind", ["debian13", "ubuntu"])
STATE = "{{.State.Pid}} {{.State.StartedAt}}"


@pytest.fixture(scope="module")
def in_use(lab: Lab) -> None:
    """Both engines, each with a running container."""
    lab.reset(lab.debian13, lab.ubuntu)
    ran = deploy(lab, "debian13", "ubuntu")
    assert ran.code == 0, ran.output
    for name in (lab.debian13, lab.ubuntu):
        lab.root(name, "docker run -d --name app --restart always debian:12 sleep 1000000")


@pytest.fixture(autouse=True)
def nothing_stops(lab: Lab, in_use: None, kind: str) -> Iterator[None]:
    """The container runs on as the same process; the host is brought back to its settings."""
    name = getattr(lab, kind)
    before = lab.root(name, f"docker inspect -f '{STATE}' app")
    yield
    ran = deploy(lab, kind)
    assert ran.code == 0, ran.output
    assert lab.root(name, f"docker inspect -f '{STATE}' app") == before
    assert deploy(lab, kind).output.count("1 host: 1 unchanged") == 1


def deploy(lab: Lab, *kinds: str, flags: tuple[str, ...] = ("-y",), **data: Any) -> Ran:
    """A run on hosts of these kinds, each with its engine, and with this data besides."""
    versions = {"debian13": "26.1", "ubuntu": "20.10"}
    names = {getattr(lab, kind): {"docker_version": versions[kind], **data} for kind in kinds}
    # systemd would refuse to start a daemon that the tests restart again and again.
    for name in names:
        lab.root(name, "systemctl reset-failed docker.service || true")
    return lab.deploy(*flags, limit=list(names), data=names)


def daemon(lab: Lab, kind: str) -> str:
    """The daemon's process."""
    return lab.root(getattr(lab, kind), "systemctl show -p MainPID docker")


def daemon_json(lab: Lab, kind: str) -> dict[str, Any]:
    """What is in daemon.json."""
    keys: dict[str, Any] = json.loads(lab.root(getattr(lab, kind), "cat /etc/docker/daemon.json"))
    return keys


def info(lab: Lab, kind: str, field: str) -> str:
    """Fields of docker info, as a template."""
    return lab.root(getattr(lab, kind), f"docker info -f '{field}'").strip()


@ENGINES
def test_a_key_that_can_be_reloaded_is_and_goes_again(lab: Lab, kind: str) -> None:
    before = daemon(lab, kind)
    ran = deploy(lab, kind, docker_daemon={"debug": True, "labels": ["room=b12"]})
    assert ran.code == 0, ran.output
    assert info(lab, kind, "{{.Debug}} {{.Labels}}") == "true [room=b12]"
    ran = deploy(lab, kind)
    assert ran.code == 0, ran.output
    assert info(lab, kind, "{{.Debug}} {{.Labels}}") == "false []"
    assert daemon(lab, kind) == before


@ENGINES
def test_a_restart_under_live_restore_stops_nothing(lab: Lab, kind: str) -> None:
    before = daemon(lab, kind)
    ran = deploy(lab, kind, docker_allow_container_stop=False, docker_log_max_size="20m")
    assert ran.code == 0, ran.output
    assert daemon(lab, kind) != before
    assert daemon_json(lab, kind)["log-opts"] == {"max-size": "20m", "max-file": "3"}


@pytest.mark.parametrize("kind", ["debian13"])
def test_what_would_stop_containers_needs_an_explicit_word(lab: Lab, kind: str) -> None:
    before, keys = daemon(lab, kind), daemon_json(lab, kind)
    data: dict[str, Any] = {"docker_live_restore": False, "docker_log_max_size": "20m"}
    for flags in (("-y",), ("--dry",)):
        ran = deploy(lab, kind, flags=flags, docker_allow_container_stop=False, **data)
        assert "impact: restart, stops the containers app" in ran.output
        assert "would stop the running container app: live-restore is off" in ran.output
        assert "docker_allow_container_stop=true" in ran.output
    assert (daemon(lab, kind), daemon_json(lab, kind)) == (before, keys)


# Simulated: a daemon too busy for one of two questions.
BUSY = """\
cat >/usr/local/sbin/docker <<'EOF'
#!/bin/sh
[ "$1" != ps ] && exec /usr/bin/docker "$@"
EOF
chmod +x /usr/local/sbin/docker
"""


# A daemon that is frozen before it has said that it is ready.
STARTING = """\
for try in 1 2 3 4 5; do
    old=$(pidof dockerd)
    systemctl reset-failed docker
    systemctl restart --no-block docker
    until new=$(pidof dockerd) && [ "$new" != "$old" ]; do sleep 0.05; done
    kill -STOP "$new"
    [ "$(systemctl show -P SubState docker)" != start ] || exit 0
    kill -CONT "$new"  # it was ready before it could be frozen
done
exit 1
"""


@pytest.mark.parametrize("kind", ["debian13"])
def test_a_daemon_that_is_just_starting_is_waited_for_or_left_alone(lab: Lab, kind: str) -> None:
    keys = daemon_json(lab, kind)
    data: dict[str, Any] = {"docker_live_restore": False, "docker_log_max_size": "20m"}
    try:
        lab.root(lab.debian13, STARTING)
        before = daemon(lab, kind)
        ran = deploy(lab, kind, docker_allow_container_stop=False, **data)
        assert "docker.service is activating, but Docker does not answer" in ran.output
        assert (daemon(lab, kind), daemon_json(lab, kind)) == (before, keys)
        lab.root(lab.debian13, "(sleep 3; kill -CONT $(pidof dockerd)) >/dev/null 2>&1 &")
        ran = deploy(lab, kind)
    finally:
        lab.root(lab.debian13, "kill -CONT $(pidof dockerd)")
    assert "1 host: 1 unchanged" in ran.output, ran.output
    assert daemon(lab, kind) == before


@pytest.mark.parametrize("kind", ["debian13"])
@pytest.mark.parametrize(
    ("ill", "well", "words"),
    [
        ("docker pause app", "docker unpause app", "would stop the running container app"),
        (
            "kill -STOP $(pidof dockerd)",
            "kill -CONT $(pidof dockerd)",
            "docker.service is active, but Docker does not answer",
        ),
        (BUSY, "rm /usr/local/sbin/docker", "Docker did not say within 10 s which containers run"),
    ],
    ids=["paused", "hung", "busy"],
)
def test_containers_that_are_hard_to_see_are_guarded_too(
    lab: Lab, kind: str, ill: str, well: str, words: str
) -> None:
    before, keys = daemon(lab, kind), daemon_json(lab, kind)
    data: dict[str, Any] = {"docker_live_restore": False, "docker_log_max_size": "20m"}
    lab.root(lab.debian13, ill)
    try:
        ran = deploy(lab, kind, docker_allow_container_stop=False, **data)
    finally:
        lab.root(lab.debian13, well)
    assert words in ran.output
    assert (daemon(lab, kind), daemon_json(lab, kind)) == (before, keys)


@pytest.mark.parametrize("kind", ["debian13"])
def test_what_dockerd_itself_refuses_never_gets_into_force(lab: Lab, kind: str) -> None:
    before, keys = daemon(lab, kind), daemon_json(lab, kind)
    ran = deploy(lab, kind, docker_daemon={"log-level": "loud"})
    assert ran.code == 1
    assert "dockerd refuses the new daemon.json, so the old one stays:" in ran.output
    assert "loud" in ran.output
    assert (daemon(lab, kind), daemon_json(lab, kind)) == (before, keys)
    assert lab.root(lab.debian13, "ls /etc/docker").split() == ["daemon.json"]


@pytest.mark.parametrize(
    ("kind", "keys", "words"),
    [
        # --validate does not look at it.
        ("debian13", {"exec-opts": ["native.cgroupdriver=nosuch"]}, "native.cgroupdriver"),
        ("ubuntu", {"log-level": "loud"}, "loud"),
    ],
)
def test_a_daemon_that_does_not_start_gets_its_old_configuration_back(
    lab: Lab, kind: str, keys: dict[str, Any], words: str
) -> None:
    before = daemon_json(lab, kind)
    ran = deploy(lab, kind, docker_daemon=keys)
    assert ran.code == 1
    line = next(line for line in ran.output.splitlines() if "Docker's last words" in line)
    assert "Docker does not answer; the configuration from before is in force again." in line
    assert words in line.partition("last words: ")[2]
    assert daemon_json(lab, kind) == before
    assert info(lab, kind, "{{.LiveRestoreEnabled}}") == "true"


@pytest.mark.parametrize("kind", ["debian13"])
def test_a_daemon_json_that_is_only_the_admin_s_is_never_taken_back(lab: Lab, kind: str) -> None:
    theirs = lab.root(lab.debian13, "cat /etc/docker/daemon.json")
    # Docker's socket would start it again; live-restore keeps the container.
    stop = "systemctl stop docker.socket docker.service"
    mend = f"cat >/etc/docker/daemon.json <<'EOF'\n{theirs}EOF"
    # Without the empty values by which a running Docker was told to forget: those would go now.
    keys = {key: value for key, value in json.loads(theirs).items() if value}
    broken = json.dumps({**keys, "exec-opts": ["native.cgroupdriver=nosuch"]})
    lab.root(lab.debian13, f"{stop}; cat >/etc/docker/daemon.json <<'EOF'\n{broken}\nEOF")
    try:
        ran = deploy(lab, kind)
        after = daemon_json(lab, kind)
    finally:
        lab.root(lab.debian13, mend)
    assert ran.code == 1
    assert "so its configuration stays as it is" in " ".join(ran.output.split())
    assert after == json.loads(broken)


@pytest.mark.parametrize("kind", ["debian13"])
def test_where_docker_must_not_be_restarted_the_restart_is_pending(lab: Lab, kind: str) -> None:
    before = daemon(lab, kind)
    data: dict[str, Any] = {"docker_restart": "never", "docker_log_max_size": "30m"}
    dry, run = ("--dry",), ("-y",)
    for flags, outcome in ((dry, "would change"), (run, "changed"), (dry, "unch"), (run, "unch")):
        ran = deploy(lab, kind, flags=flags, **data)
        assert f"1 host: 1 {outcome}" in ran.output, ran.output
        plan, _, table = ran.output.partition("outcome")
        assert "note: a restart of Docker is pending" in plan
        assert "a restart of Docker is pending" in table
    assert daemon(lab, kind) == before
    ran = deploy(lab, kind, docker_log_max_size="30m")
    assert ran.code == 0, ran.output
    assert daemon(lab, kind) != before
    again = deploy(lab, kind, **data)
    assert "pending" not in again.output


@pytest.mark.parametrize("kind", ["debian13"])
def test_a_pending_restart_needs_the_same_word_as_one_at_once(lab: Lab, kind: str) -> None:
    before = daemon(lab, kind)
    address: dict[str, Any] = {"docker_daemon": {"bip": "10.99.0.1/24"}}
    ran = deploy(lab, kind, docker_restart="never", **address)
    assert ran.code == 0, ran.output
    # A second change while the first is pending.
    ran = deploy(lab, kind, docker_restart="never", docker_log_max_size="20m", **address)
    assert ran.code == 0, ran.output
    ran = deploy(lab, kind, docker_allow_container_stop=False, **address)
    assert "live-restore does not reach over a change of bip" in ran.output
    assert daemon(lab, kind) == before


@pytest.mark.parametrize("kind", ["ubuntu"])
def test_where_docker_must_not_be_restarted_its_packages_stay_back(lab: Lab, kind: str) -> None:
    before = daemon(lab, kind), lab.fingerprint(lab.ubuntu)
    for flags in (("--dry",), ("-y",)):
        ran = deploy(lab, kind, flags=flags, docker_restart="never", docker_version="26.1")
        assert ran.code == 0, ran.output
        assert "note: docker-ce stays at 20.10.24" in ran.output
        assert "1 host: 1 unchanged" in ran.output
    assert (daemon(lab, kind), lab.fingerprint(lab.ubuntu)) == before


@pytest.mark.parametrize("kind", ["ubuntu"])
def test_a_proxy_of_the_daemon(lab: Lab, kind: str) -> None:
    proxy, other = lab.services["dead"], "http://127.0.0.1:9"
    pull = "docker pull registry.example/image 2>&1 || true"
    data: dict[str, Any] = {"docker_http_proxy": proxy, "docker_no_proxy": ["172.16.0.0/12"]}
    for https in (None, other):
        ran = deploy(lab, kind, **data, docker_https_proxy=https)
        assert ran.code == 0, ran.output
        assert info(lab, kind, "{{.HTTPProxy}} {{.HTTPSProxy}} {{.NoProxy}}") == (
            f"{proxy} {https or proxy} 172.16.0.0/12"
        )
        through = (https or proxy).removeprefix("http://")
        assert f"proxyconnect tcp: dial tcp {through}" in lab.root(lab.ubuntu, pull)
    ran = deploy(lab, kind)
    assert ran.code == 0, ran.output
    assert info(lab, kind, "{{.HTTPProxy}}{{.HTTPSProxy}}{{.NoProxy}}") == ""


@pytest.mark.parametrize("kind", ["ubuntu"])
def test_data_is_never_left_behind_unasked(lab: Lab, kind: str) -> None:
    before = daemon(lab, kind)
    ran = deploy(lab, kind, docker_data_root="/data/docker")
    assert ran.code == 1
    assert "would stay behind in /var/lib/docker, unseen from /data/docker" in ran.output
    assert daemon(lab, kind) == before
