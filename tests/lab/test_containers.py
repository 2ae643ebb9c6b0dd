"""Containers on real hosts with both engines: made, replaced, and nothing lost where that fails."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from lab import counter
from tests.lab import workload
from tests.lab.fleet import Lab, Ran
from tests.lab.workload import (
    FAILS,
    SEEN,
    SPY,
    STAYS,
    VARIABLE,
    WORDS,
    bare,
    both,
    files_with,
    inspect,
    names,
    restarted,
)

WEB: dict[str, Any] = {
    "image": "debian:12",
    "command": STAYS,
    "ports": ["127.0.0.1:8080:80"],
    "volumes": ["data:/data", "/srv:/srv:ro"],
    "env": {"GREETING": 'it\'s "me" & $HOME'},
    "secrets": {"PASSWORD": {"env": VARIABLE}},
    "ulimits": {"nofile": "1024:2048"},
    "shm_size": "128m",
    "user": "1000:1000",
    "workdir": "/etc",
    "hostname": "web.example",
    "labels": {"team": "infra"},
    "healthcheck": {"command": "cat /etc/os-release", "interval": "1s", "retries": 2},
}
# Ends at once without a terminal, or with an input that ends.
READS = ["sh", "-c", "trap exit TERM; test -t 0 || exit 9; while read line; do echo $line; done"]
DB: dict[str, Any] = {"image": "keeps:1", "command": STAYS}


def run(lab: Lab, containers: dict[str, Any], *flags: str, limit: tuple[str, ...] = ()) -> Ran:
    """deploy.py with these containers."""
    return workload.run(lab, {"docker_containers": containers}, *flags, limit=limit)


@pytest.fixture(scope="module", autouse=True)
def secret() -> Iterator[None]:
    """The secret, in the environment of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, WORDS)
        yield


@pytest.fixture(scope="module")
def made(lab: Lab) -> Ran:
    """Hosts with 20.10 and 26.1, an image that keeps data in a volume without a name, and both
    containers, made with everything that pyinfra can say."""
    bare(lab)
    for name in both(lab):
        lab.root(
            name,
            "docker create --name made debian:12; "
            f"docker commit --change 'VOLUME /keep' made keeps:1; docker rm made; {SPY}",
        )
    ran = run(lab, {"db": DB, "web": WEB}, "-y", "-vvv", "--debug")
    for name in both(lab):
        lab.root(name, "rm /usr/local/bin/docker")
    assert ran.code == 0, ran.output
    return ran


@pytest.fixture
def host(lab: Lab, made: Ran, request: pytest.FixtureRequest) -> str:
    """One of the hosts, with both containers as they were made."""
    name: str = getattr(lab, getattr(request, "param", "debian13"))
    ran = run(lab, {"db": DB, "web": WEB}, limit=(name,))
    assert ran.code == 0, ran.output
    return name


on_both = pytest.mark.parametrize("host", ["dirty", "debian13"], indirect=True)


@on_both
def test_containers_are_as_the_settings_have_them(lab: Lab, host: str) -> None:
    web = inspect(lab, host, "web")
    assert web["State"]["Health"]["Status"] == "healthy"
    assert web["Config"]["Cmd"] == STAYS
    assert {'GREETING=it\'s "me" & $HOME', f"PASSWORD={WORDS}"} <= set(web["Config"]["Env"])
    assert (web["Config"]["User"], web["Config"]["WorkingDir"]) == ("1000:1000", "/etc")
    assert (web["Config"]["Hostname"], web["Config"]["Labels"]["team"]) == ("web.example", "infra")
    assert set(web["HostConfig"]["Binds"]) == {"data:/data", "/srv:/srv:ro"}
    assert web["HostConfig"]["Ulimits"] == [{"Name": "nofile", "Hard": 2048, "Soft": 1024}]
    assert web["HostConfig"]["ShmSize"] == 128 * 2**20
    assert web["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert web["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"] == "8080"
    assert inspect(lab, host, "db")["State"]["Running"]


def test_again_there_is_one_remote_command(lab: Lab, made: Ran) -> None:
    before = [inspect(lab, name, "web")["Id"] for name in both(lab)]
    for name in both(lab):
        counter.start(name)
    ran = run(lab, {"db": DB, "web": WEB})
    assert [counter.stop(name) for name in both(lab)] == [1, 1]
    assert "2 hosts: 2 unchanged" in ran.output, ran.output
    assert [inspect(lab, name, "web")["Id"] for name in both(lab)] == before


def test_the_secret_is_seen_nowhere(lab: Lab, made: Ran) -> None:
    assert "Container web" in made.output and SEEN not in made.output
    for name in both(lab):
        seen = lab.root(name, "cat /var/tmp/seen; rm /var/tmp/seen")
        assert "docker container create --name web.rackwright-new" in seen
        assert SEEN not in seen
        assert files_with(lab, name, SEEN) == []
        assert SEEN not in json.dumps(inspect(lab, name, "web")["Config"]["Labels"])


@on_both
def test_only_the_changed_one_is_made_anew_and_its_data_stays(lab: Lab, host: str) -> None:
    lab.root(host, "docker exec db sh -c 'echo kept > /keep/it'")
    before = {name: inspect(lab, host, name)["Id"] for name in ("db", "web")}
    changed = {**DB, "command": READS, "tty": True, "stdin_open": True}
    plan = run(lab, {"db": changed, "web": WEB}, "--dry", limit=(host,))
    assert "containers  db: running -> running, made anew" in plan.output, plan.output
    reason = "because command, stdin_open, tty changed; impact: restart, stops the containers db"
    assert reason in plan.output
    ran = run(lab, {"db": changed, "web": WEB}, limit=(host,))
    assert ran.code == 0, ran.output
    after = {name: inspect(lab, host, name)["Id"] for name in ("db", "web")}
    assert after["web"] == before["web"]
    assert after["db"] != before["db"]
    assert lab.root(host, "docker exec db cat /keep/it").strip() == "kept"
    assert not [name for name in names(lab, host) if "rackwright" in name]


def test_a_new_secret_is_a_reason(lab: Lab, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "another one")
    plan = run(lab, {"db": DB, "web": WEB}, "--dry", limit=(host,))
    assert "because PASSWORD has another value now" in plan.output, plan.output
    ran = run(lab, {"db": DB, "web": WEB}, limit=(host,))
    assert ran.code == 0, ran.output
    assert "PASSWORD=another one" in inspect(lab, host, "web")["Config"]["Env"]
    assert "another one" not in ran.output


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"command": FAILS}, "ended with exit code 3 soon after its start"),
        (
            {"healthcheck": {"command": "echo not well; exit 1", "interval": "1s", "retries": 1}},
            "turned unhealthy (not well)",
        ),
        ({"command": ["nosuch"]}, "does not start: "),
        ({"gpus": "all"}, 'could not select device driver "" with capabilities: [[gpu]]'),
        ({"ports": ["9090:80"]}, "Bind for 0.0.0.0:9090 failed: port is already allocated"),
    ],
)
@on_both
def test_the_one_before_comes_back(
    lab: Lab, host: str, changed: dict[str, Any], sentence: str
) -> None:
    lab.root(
        host, "docker rm -f theirs; docker run -d --name theirs -p 9090:9090 debian:12 sleep 1h"
    )
    before = inspect(lab, host, "web")
    new = {**WEB, "restart": "no", **changed}
    ran = run(lab, {"db": DB, "web": new}, limit=(host,))
    assert ran.code == 1, ran.output
    assert re.search(
        rf"the container web .*{re.escape(sentence)}.*; the one from before runs again", ran.output
    ), ran.output
    if changed.get("command") == FAILS:
        assert "Its last words: first | no configuration" in ran.output
    after = inspect(lab, host, "web")
    assert after["Id"] == before["Id"]
    assert after["State"]["Running"]
    assert not [name for name in names(lab, host) if "rackwright" in name]
    lab.root(host, "docker rm -f theirs")


def test_one_that_always_fails_leaves_nothing(lab: Lab, host: str) -> None:
    ran = run(
        lab, {"db": DB, "web": WEB, "new": {"image": "debian:12", "command": FAILS}}, limit=(host,)
    )
    assert ran.code == 1, ran.output
    assert "the container new ended" in ran.output, ran.output
    assert "there was none before it. Its last words: " in ran.output
    assert names(lab, host) >= {"db", "web"}
    assert not [name for name in names(lab, host) if name.startswith("new")]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"image": "nosuch:1"}, "the container web has no image: "),
        ({"user": "nobody-here"}, "unable to find user nobody-here"),
    ],
)
def test_what_cannot_be_made_stops_nothing(
    lab: Lab, host: str, changed: dict[str, Any], sentence: str
) -> None:
    before = inspect(lab, host, "web")["Id"]
    ran = run(lab, {"db": DB, "web": {**WEB, **changed}}, limit=(host,))
    assert ran.code == 1, ran.output
    assert sentence in ran.output, ran.output
    web = inspect(lab, host, "web")
    assert (web["Id"], web["State"]["Running"]) == (before, True)


def test_a_container_of_somebody_else_is_not_touched(lab: Lab, made: Ran) -> None:
    before = inspect(lab, lab.dirty, "old-app")
    ran = run(lab, {"old-app": WEB}, limit=(lab.dirty,))
    assert ran.code == 1, ran.output
    assert "Rackwright did not make it; give yours another name" in ran.output, ran.output
    ran = run(lab, {"old-app": {"state": "absent"}}, limit=(lab.dirty,))
    assert ran.code == 1, ran.output
    after = inspect(lab, lab.dirty, "old-app")
    assert (after["Id"], after["State"]) == (before["Id"], before["State"])


def test_secrets_are_refused_where_docker_would_log_them(lab: Lab, made: Ran) -> None:
    debug = {"docker_daemon": {"debug": True}}
    ran = workload.run(lab, {"docker_containers": {"web": WEB}, **debug}, limit=(lab.debian13,))
    assert ran.code == 1, ran.output
    assert "docker_containers.web.secrets.PASSWORD: Docker's debug mode is on" in ran.output
    assert "Starting operation" not in ran.output


def test_a_network_that_there_is_not_is_an_error_before_anything(lab: Lab, host: str) -> None:
    ran = run(lab, {"web": {**WEB, "networks": ["nosuch"]}}, limit=(host,))
    assert ran.code == 1, ran.output
    assert "there is no network nosuch on the host; add it to docker_networks" in ran.output
    assert "Starting operation" not in ran.output


@on_both
def test_stopped_started_and_removed(lab: Lab, host: str) -> None:
    web = inspect(lab, host, "web")["Id"]
    ran = run(lab, {"db": DB, "web": {**WEB, "state": "stopped"}}, limit=(host,))
    assert ran.code == 0, ran.output
    stopped = inspect(lab, host, "web")
    assert (stopped["Id"], stopped["State"]["Running"]) == (web, False)
    ran = run(lab, {"db": DB, "web": WEB}, limit=(host,))
    assert ran.code == 0, ran.output
    assert inspect(lab, host, "web")["Id"] == web
    restarted(lab, host, "web")
    lab.root(host, "docker pause web")
    ran = run(lab, {"db": DB, "web": WEB}, limit=(host,))
    assert ran.code == 0, ran.output
    assert inspect(lab, host, "web")["State"]["Status"] == "running"
    ran = run(lab, {"db": DB}, limit=(host,))
    assert "the container web is not in docker_containers any more, and stays" in ran.output
    assert inspect(lab, host, "web")["State"]["Running"]
    ran = run(lab, {"db": DB, "web": {"state": "absent"}}, limit=(host,))
    assert ran.code == 0, ran.output
    assert "web" not in names(lab, host)
    assert "data" in lab.root(host, "docker volume ls --format '{{.Name}}'").split()
    ran = run(lab, {"db": DB, "web": {"state": "absent"}}, limit=(host,))
    assert "1 unchanged" in ran.output, ran.output


@on_both
def test_a_replacement_that_died_is_taken_up(lab: Lab, host: str) -> None:
    lab.root(
        host,
        "docker exec db sh -c 'echo again > /keep/it'; docker stop db; "
        "docker rename db db.rackwright-old; "
        "docker create --name db --label rackwright.container=db debian:12 nosuch; "
        "docker create --name db.rackwright-new --label rackwright.container=db debian:12",
    )
    plan = run(lab, {"db": DB, "web": WEB}, "--dry", limit=(host,))
    assert "because an earlier run did not get to its end" in plan.output, plan.output
    ran = run(lab, {"db": DB, "web": WEB}, limit=(host,))
    assert ran.code == 0, ran.output
    assert lab.root(host, "docker exec db cat /keep/it").strip() == "again"
    assert not [name for name in names(lab, host) if "rackwright" in name]


@on_both
def test_an_image_that_moved_and_one_that_lost_its_name(lab: Lab, host: str) -> None:
    before = inspect(lab, host, "db")["Id"]
    lab.root(host, "docker tag keeps:1 same:1; docker rmi keeps:1")
    ran = run(lab, {"db": DB, "web": WEB}, limit=(host,))
    assert "1 unchanged" in ran.output, ran.output
    lab.root(host, "docker create --name made same:1; docker commit made keeps:1; docker rm made")
    plan = run(lab, {"db": DB, "web": WEB}, "--dry", limit=(host,))
    assert "because keeps:1 is another image now" in plan.output, plan.output
    ran = run(lab, {"db": DB, "web": WEB}, limit=(host,))
    assert ran.code == 0, ran.output
    after = inspect(lab, host, "db")
    assert after["Id"] != before
    assert after["Image"] == lab.root(host, "docker image inspect -f '{{.Id}}' keeps:1").strip()


def test_check_names_what_was_stopped_by_hand(lab: Lab, host: str) -> None:
    lab.root(host, "docker stop web")
    inventory = lab.inventory({host: {"docker_containers": {"db": DB, "web": WEB}}})
    ran = lab.rackwright("check", str(inventory), "--limit", host)
    assert ran.code == 2, ran.output
    assert "containers  web: exited" in ran.output, ran.output
    ran = run(lab, {"db": DB, "web": WEB}, limit=(host,))
    assert ran.code == 0, ran.output
    assert inspect(lab, host, "web")["State"]["Health"]["Status"] == "healthy"
