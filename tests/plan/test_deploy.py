"""deploy.py on fake hosts that answer as real ones did: exactly which commands would be run."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysequoia
import pytest

from rackwright.settings import Settings
from tests.plan.fleet import Ran, run
from tests.served import served
from tests.unit.states import BARE, source_text
from tests.unit.test_observed import recorded

FIRST_LOOK = 'if [ "$(id -u)" = 0 ]'
SECOND_LOOK = "gzip -dc); sh -c"
# What stock operations ask a host that has none of the files and packages in question.
FACTS = {
    re.compile(r"^! \(test -e"): "",
    re.compile(r"^if \[ -n \"\$TMPDIR\""): "",
    re.compile(r"dpkg -l \)"): "",
    re.compile(r"systemctl show --all"): "",
}
# What they ask of a host on which Docker runs.
RUNS = {
    "--property SubState": ["Id=docker.service", "SubState=running"],
    "--property UnitFileState": ["Id=docker.service", "UnitFileState=enabled"],
}
APT = (
    "DEBIAN_FRONTEND=noninteractive apt-get -y"
    ' -o Dpkg::Options::="--force-confdef" -o Dpkg::Options::="--force-confold"'
)
LOCK = "-o DPkg::Lock::Timeout=300"
FIVE = "docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin"


@dataclass(frozen=True)
class Source:
    """A repository whose key can be fetched, and how a host that uses it answers."""

    url: str
    key: pysequoia.Cert

    @property
    def data(self) -> dict[str, Any]:
        return {"docker_repo_url": self.url, "docker_key_fingerprint": self.key.fingerprint}

    def converged(self) -> list[str]:
        """A converged host's answer, as recorded, with this repository in it."""
        text = source_text(Settings(**self.data), BARE)
        replaced = {
            "apt_source": f"apt_source /etc/apt/sources.list.d/docker.sources {_encoded(text)}",
            "keyring": f"keyring /etc/apt/keyrings/docker.asc {_encoded(str(self.key))}",
        }
        return [replaced.get(line.split(" ")[0], line) for line in recorded("converged-debian12")]


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    """A real server with a key made for this test."""
    key = pysequoia.Tsk.generate(user_id="Test <test@example.org>").extract_certificate()
    (tmp_path / "linux" / "debian").mkdir(parents=True)
    (tmp_path / "linux" / "debian" / "gpg").write_text(str(key))
    with served(tmp_path) as url:
        yield Source(f"{url}/linux", key)


def answers(first: list[str], second: list[str], *commands: str) -> dict[Any, Any]:
    """Answers of a fake host: to both looks, to facts, and success for these very commands."""
    allowed = {re.compile(f"^{re.escape(command)}$"): "" for command in commands}
    return {FIRST_LOOK: first, SECOND_LOOK: second, **FACTS, **allowed}


def changing(ran: Ran) -> list[str]:
    """The commands that change something, in order."""
    reading = (*FACTS, re.compile(re.escape(FIRST_LOOK)), re.compile(re.escape(SECOND_LOOK)))
    return [
        command
        for command in ran.commands
        if not any(pattern.search(command) for pattern in reading)
    ]


def try_out(url: str) -> str:
    """The command that tries the repository out."""
    return (
        "apt-get update -q -o Dir::Etc::sourcelist=/var/lib/rackwright/docker.sources"
        " -o Dir::Etc::sourceparts=/dev/null"
        " -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any"
        " -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20"
        " || { echo 'this host cannot use Docker'\"'\"'s repository at "
        f"{url}/debian (bookworm stable); apt'\"'\"'s reason stands above. Check that the host "
        "reaches it, or set docker_repo_url to a mirror' >&2; false; }"
    )


def test_an_unchanged_host_is_looked_at_once(source: Source) -> None:
    data = {"docker_users": ["admin"], "docker_registry_mirrors": ["http://172.18.0.2:5000"]}
    ran = run({**source.data, **data, "fake_responses": answers(source.converged(), [])})
    assert ran.operations == []
    assert len(ran.commands) == 1
    assert not ran.failed


def test_a_bare_host(source: Source) -> None:
    commands = [
        "install -d -m 0755 /var/lib/rackwright && echo verify > /var/lib/rackwright/unfinished",
        "mkdir -p /etc/apt/keyrings",
        "chmod 644 /etc/apt/keyrings/docker.asc",
        "chmod 644 /var/lib/rackwright/docker.sources",
        try_out(source.url),
        "mv -f /var/lib/rackwright/docker.sources /etc/apt/sources.list.d/docker.sources",
        "mkdir -p /etc/docker",
        "chmod 644 /etc/docker/daemon.json",
        "apt-get update",
        f"{APT} install {LOCK} {FIVE}",
        "systemctl start docker.service",
        "systemctl enable docker.service",
        "gpasswd --add admin docker",
        "timeout 300 runuser -u admin -- docker run --rm hello-world",
        "rm -f /var/lib/rackwright/unfinished",
    ]
    bare = [line.replace("trixie", "bookworm") for line in recorded("bare-debian13")]
    ran = run(
        {
            **source.data,
            "docker_users": ["admin"],
            "docker_registry_mirrors": ["http://172.18.0.2:5000"],
            "fake_responses": answers(bare, [*source.converged()], *commands),
        }
    )
    assert changing(ran) == commands
    assert not ran.failed


def test_a_dirty_host_has_its_replacements_before_anything_is_removed(source: Source) -> None:
    ran = run(
        {
            **source.data,
            "docker_version": "26.1",
            "fake_responses": {
                "dpkg -l": "ii  docker.io  20.10.24+dfsg1-1+deb12u1+b6  amd64  x",
                **answers(recorded("dirty-debian12"), source.converged()),
                "": "",
            },
        }
    )
    commands = changing(ran)
    pinned = "'docker-ce=5:26.1.*' 'docker-ce-cli=5:26.1.*' containerd.io"
    order = [
        next(i for i, command in enumerate(commands) if words in command)
        for words in (
            "tar -C / -czf /var/backups/rackwright/",
            "Dir::Etc::sourcelist=/var/lib/rackwright/docker.sources",
            "mv -f /var/lib/rackwright/docker.sources",
            f"install {LOCK} --download-only {pinned}",
            f"remove {LOCK} docker.io",
            f'"--force-confold" install {LOCK} {pinned}',
        )
    ]
    assert order == sorted(order)
    assert "etc/apt/sources.list.d/docker.list" in commands[order[0]]


@pytest.mark.parametrize(
    ("keys", "action"),
    [({"shutdown-timeout": 30}, "reload"), ({"log-driver": "local"}, "restart")],
)
def test_a_change_of_daemon_json_on_a_host_in_use(
    source: Source, keys: dict[str, Any], action: str
) -> None:
    commands = [
        "install -d -m 0755 /var/lib/rackwright && echo verify > /var/lib/rackwright/unfinished",
        "install -d -m 0700 /var/backups/rackwright && tar -C / -czf "
        "/var/backups/rackwright/$(date -u +%Y%m%dT%H%M%SZ).tar.gz -- etc/docker/daemon.json",
        f"echo {action} > /var/lib/rackwright/unfinished",
        "mkdir -p /etc/docker",
        "chmod 644 /etc/docker/daemon.json",
        f"systemctl {action} docker.service",
        "echo verify > /var/lib/rackwright/unfinished",
        "timeout 300 runuser -u root -- docker run --rm hello-world",
        "rm -f /var/lib/rackwright/unfinished",
    ]
    converged = source.converged()
    after = [line for line in converged if not line.startswith("daemon_json")]
    after.insert(3, f"daemon_json /etc/docker/daemon.json {_encoded(json.dumps(keys))}")
    ran = run(
        {
            **source.data,
            "docker_daemon": keys,
            "fake_responses": {**RUNS, **answers(converged, after, *commands)},
        }
    )
    assert changing(ran) == commands
    assert not ran.failed


def test_an_interrupted_dpkg_is_completed_first(source: Source) -> None:
    commands = [
        "install -d -m 0755 /var/lib/rackwright && echo verify > /var/lib/rackwright/unfinished",
        "DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a",
        "timeout 300 runuser -u root -- docker run --rm hello-world",
        "rm -f /var/lib/rackwright/unfinished",
    ]
    converged = source.converged()
    broken = [*converged[:-1], "package less 668-1 iU", converged[-1]]
    ran = run({**source.data, "fake_responses": answers(broken, converged, *commands)})
    assert changing(ran) == commands
    assert not ran.failed


def test_a_run_that_died_before_its_restart_is_taken_up(source: Source) -> None:
    commands = [
        "systemctl restart docker.service",
        "echo verify > /var/lib/rackwright/unfinished",
        "timeout 300 runuser -u root -- docker run --rm hello-world",
        "rm -f /var/lib/rackwright/unfinished",
    ]
    converged = source.converged()
    mark = f"unfinished /var/lib/rackwright/unfinished {_encoded('restart')}"
    died = [*converged[:-1], mark, converged[-1]]
    ran = run({**source.data, "fake_responses": {**RUNS, **answers(died, converged, *commands)}})
    assert changing(ran) == commands
    assert not ran.failed


def test_a_host_that_did_not_get_there_is_failed(source: Source) -> None:
    host = answers(recorded("bare-debian13"), recorded("half-debian13"))
    ran = run(
        {**source.data, "fake_responses": {**host, "printf '%s\\n'": {"success": False}, "": ""}}
    )
    assert ran.failed
    assert "still to change: docker-ce is not installed" in ran.commands[-1]


@pytest.mark.parametrize("answer", ["no-sudo", "bare-debian13"])
def test_a_refused_host_is_not_touched(source: Source, answer: str) -> None:
    host = answers(recorded(answer), [])
    ran = run({**source.data, "docker_users": ["zoe"], "fake_responses": host})
    assert ran.failed
    assert ran.operations == []
    assert len(ran.commands) == 1


def test_an_unregistered_command_fails_the_host(source: Source) -> None:
    ran = run({**source.data, "fake_responses": answers(recorded("bare-debian13"), [])})
    assert ran.failed
