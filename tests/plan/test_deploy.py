"""deploy.py on fake hosts that answer as real ones did: exactly which commands would be run."""

import base64
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pysequoia
import pytest

from rackwright.docker import DAEMON_SH
from rackwright.host.answer import BEGIN as ANSWER
from rackwright.host.script import command
from rackwright.lock.file import Lock, LockedPackage, lock_path, write_lock
from rackwright.look.answer import END, parse
from rackwright.marks import TRIAL_KEY, put_in_place
from rackwright.packages.patience import PATIENCE, in_turn
from rackwright.settings import Settings
from rackwright.steps.engine import wanted_packages
from tasks.repair import CONFIGURE
from tests.plan.fleet import Ran, run
from tests.served import served
from tests.unit.states import BARE, source_text
from tests.unit.test_observed import recorded

FIRST_LOOK = 'if [ "$(id -u)" = 0 ]'
MIRROR_PROBE = '"$script" mirror_probe '
OFFERS = '"$script" offers '
# Of this host: whether, and with what outcome, it tried its mirrors out.
MIRRORS = ("http_client ", "mirrors_json ")
HOLDER = '"$script" patience holder'
# What holds a host and gives it back: other words in every run.
LOCK_SH = '"$script" host_lock '
SECOND_LOOK = 'gzip -dc); sh -c "$script" probe '
# What stock operations ask a host that has none of the files and packages in question.
FACTS = {
    re.compile(r"^! \(test -e"): "",
    re.compile(r"^if \[ -n \"\$TMPDIR\""): "",
    re.compile(r"dpkg -l \)"): "",
}
APT = (
    "DEBIAN_FRONTEND=noninteractive apt-get -y"
    ' -o Dpkg::Options::="--force-confdef" -o Dpkg::Options::="--force-confold"'
)
ENGINE = parse(recorded("converged-debian12")).engine
assert ENGINE is not None
MIRROR = ENGINE.registry_mirrors[0].rstrip("/")
VERSIONS = {
    name: package.version
    for name, package in parse(recorded("converged-debian12")).packages.items()
    if name in wanted_packages(Settings())
}
EXACT = " ".join(shlex.quote(f"{name}={VERSIONS[name]}") for name in wanted_packages(Settings()))
ALL = " ".join(wanted_packages(Settings()))
OFFERED = [
    line
    for name, version in VERSIONS.items()
    for line in (f"Package: {name}", f"Version: {version}", f"SHA256: {'a' * 64}", "")
]
WAIT = command(PATIENCE, "wait_for", "300")
BEGIN = "install -d -m 0755 /var/lib/rackwright && echo verify > /var/lib/rackwright/unfinished"

CANDIDATE, OWNED = (
    f"umask {mask} && mkdir -p {folder} && rm -f {folder}/{name}.new && umask 077 && "
    f"base64 -d > {folder}/{name}.new"
    for mask, folder, name in (
        ("022", "/etc/docker", "daemon.json"),
        ("077", "/var/lib/rackwright", "owned-keys.json"),
    )
)
# Both at once: a run that dies does so before or after.
SWAP = command(
    DAEMON_SH, "swap", "/etc/docker/daemon.json.new", "/var/lib/rackwright/owned-keys.json.new"
)


@dataclass(frozen=True)
class Source:
    """A repository whose key can be fetched, and how a host that uses it answers."""

    url: str
    key: pysequoia.Cert

    @property
    def data(self) -> dict[str, Any]:
        return {
            "docker_repo_url": self.url,
            "docker_key_fingerprint": self.key.fingerprint,
            "docker_registry_mirrors": [MIRROR],
            "docker_allow_container_stop": True,
        }

    def converged(self) -> list[str]:
        """A converged host's answer, as recorded, with this repository in it."""
        text = source_text(Settings(**self.data), BARE)
        replaced = {
            "apt_source": f"apt_source /etc/apt/sources.list.d/docker.sources {_encoded(text)}",
            "keyring": f"keyring /etc/apt/keyrings/docker.asc {_encoded(str(self.key))}",
        }
        lines = [line for line in recorded("converged-debian12") if not line.startswith(MIRRORS)]
        return [replaced.get(line.split(" ")[0], line) for line in lines]


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
    looks = {FIRST_LOOK: first, SECOND_LOOK: second, OFFERS: OFFERED, HOLDER: "", LOCK_SH: ""}
    return {**looks, **FACTS, **allowed}


def changing(ran: Ran) -> list[str]:
    """The commands that change something, in order."""
    looks = (FIRST_LOOK, MIRROR_PROBE, SECOND_LOOK, OFFERS, HOLDER, LOCK_SH)
    reading = (*FACTS, *(re.compile(re.escape(look)) for look in looks))
    return [
        command
        for command in ran.commands
        if not any(pattern.search(command) for pattern in reading)
    ]


def gives_back(command: str) -> bool:
    """Whether this is how a host is given back after a failure: a command of ours, packed."""
    packed = re.fullmatch(r'eval "\$\(echo (\S+) \| base64 -d\)"', command)
    return packed is not None and f"{LOCK_SH}give " in base64.b64decode(packed[1]).decode()


def try_out(url: str) -> str:
    """The command that tries the repository out."""
    words = (
        "apt-get update -q -o Dir::Etc::sourcelist=/var/lib/rackwright/docker.sources"
        " -o Dir::Etc::sourceparts=/dev/null"
        " -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any"
        " -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20"
    )
    return (
        f"{in_turn(300, words)}"
        " || { echo 'this host cannot use Docker'\"'\"'s repository at "
        f"{url}/debian (bookworm stable); apt'\"'\"'s reason stands above. Check that the host "
        "reaches it, or set docker_repo_url to a mirror' >&2; false; }"
    )


def test_an_unchanged_host_is_looked_at_once(source: Source) -> None:
    host = answers(source.converged(), [])
    ran = run({**source.data, "docker_users": ["admin"], "fake_responses": host})
    assert ran.operations == []
    assert len(ran.commands) == 1
    assert not ran.failed


def test_new_mirrors_are_tried_out_and_remembered(source: Source) -> None:
    commands = [
        BEGIN,
        "mkdir -p /var/lib/rackwright",
        "chmod 644 /var/lib/rackwright/mirrors.json",
        "timeout 300 runuser -u root -- docker run --rm hello-world",
        "rm -f /var/lib/rackwright/unfinished",
    ]
    alive = MIRROR
    data = {
        **source.data,
        "docker_registry_mirrors": ["https://dead.example", alive],
        "docker_mirror_reference": source.url,
    }
    first = [*source.converged()[:-1], "http_client yes", source.converged()[-1]]
    found = [
        "@@rackwright-begin",
        "mirror 1 failed manifest curl: (6) Could not resolve host: dead.example",
        "mirror 2 live 53 sha256:new",
        "@@rackwright-end",
    ]
    asked = {"mirrors": data["docker_registry_mirrors"], "insecure": [], "reference": source.url}
    memory = _encoded(json.dumps({"asked": asked, "chosen": [alive], "notes": []}))
    second = [*first[:-1], f"mirrors_json /var/lib/rackwright/mirrors.json {memory}", first[-1]]
    host = {f"mirror_probe 10 '' https://dead.example {alive} 2>&1": found}
    ran = run({**data, "fake_responses": {**host, **answers(first, second, *commands)}})
    assert ran.commands[1].endswith(next(iter(host)))
    assert changing(ran) == commands
    assert not ran.failed
    again = run({**data, "fake_responses": answers(second, [])})
    assert again.operations == []
    assert len(again.commands) == 1


def test_a_login_and_a_logout(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRACTICE_PASSWORD", "correct horse")
    write = "cat > /var/lib/rackwright/logins.json.new && mv -f /var/lib/rackwright/logins.json.new"
    remember = f"umask 077; {write} /var/lib/rackwright/logins.json"
    as_admin = (
        'runuser -u admin -- env HOME="$(getent passwd admin | cut -d: -f6)" timeout 60 docker'
    )
    advice = (
        "admin cannot log in to r.example:5000 as ci; the reason stands above. Check the "
        "username, and the password that the environment variable PRACTICE_PASSWORD gives"
    )
    commands = [
        BEGIN,
        remember,
        f"! getent passwd admin >/dev/null || {as_admin} logout old.example",
        f"{as_admin} login --username ci --password-stdin r.example:5000"
        f" || {{ echo '{advice}' >&2; false; }}",
        remember,
        "timeout 300 runuser -u admin -- docker run --rm hello-world",
        "rm -f /var/lib/rackwright/unfinished",
    ]
    entry = {"username": "ci", "password_env": "PRACTICE_PASSWORD", "users": ["admin"]}
    data = {
        **source.data,
        "docker_users": ["admin"],
        "docker_registry_logins": {"r.example:5000": entry},
    }

    def host(registry: str, *lines: str) -> list[str]:
        ours = {"registry": registry, "user": "admin", "username": "ci", "digest": "1f"}
        memory = _encoded(json.dumps({"logins": [ours]}))
        path = "/var/lib/rackwright/logins.json"
        return [*source.converged()[:-1], f"logins_json {path} {memory}", *lines, END]

    first, second = host("old.example"), host("r.example:5000", "login admin r.example:5000")
    ran = run({**data, "fake_responses": answers(first, second, *commands)})
    assert changing(ran) == commands
    assert not ran.failed
    assert "correct horse" not in "".join(ran.commands)


def test_a_bare_host(source: Source) -> None:
    commands = [
        WAIT,
        command(DAEMON_SH, "as_seen", "absent"),
        BEGIN,
        "chmod 644 /var/lib/rackwright/trial.asc",
        "chmod 644 /var/lib/rackwright/docker.sources",
        try_out(source.url),
        "mkdir -p /etc/apt/keyrings",
        put_in_place(TRIAL_KEY, "/etc/apt/keyrings/docker.asc", like=TRIAL_KEY),
        f"sed -i 's|{TRIAL_KEY}|/etc/apt/keyrings/docker.asc|' /var/lib/rackwright/docker.sources",
        "cp -pL /var/lib/rackwright/docker.sources"
        " /etc/apt/sources.list.d/.docker.sources.rackwright"
        " && cat /var/lib/rackwright/docker.sources"
        " > /etc/apt/sources.list.d/.docker.sources.rackwright"
        " && mv -f /etc/apt/sources.list.d/.docker.sources.rackwright"
        " /etc/apt/sources.list.d/docker.sources && rm /var/lib/rackwright/docker.sources",
        in_turn(300, "apt-get update -q"),
        CANDIDATE,
        command(DAEMON_SH, "keep"),
        OWNED,
        SWAP,
        in_turn(300, f"{APT} install --allow-downgrades {EXACT}"),
        "mkdir -p /var/lib/rackwright",
        "chmod 644 /var/lib/rackwright/holds",
        in_turn(300, f"apt-mark hold {ALL}"),
        command(DAEMON_SH, "act", "start"),
        command(DAEMON_SH, "settle"),
        "gpasswd --add admin docker",
        "timeout 300 runuser -u admin -- docker run --rm hello-world",
        "rm -f /var/lib/rackwright/unfinished",
    ]
    bare = [line.replace("trixie", "bookworm") for line in recorded("bare-debian13")]
    ran = run(
        {
            **source.data,
            "docker_users": ["admin"],
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
    order = [
        next(i for i, command in enumerate(commands) if words in command)
        for words in (
            "tar -C / -czf /var/backups/rackwright/",
            "Dir::Etc::sourcelist=/var/lib/rackwright/docker.sources",
            "cp -pL /var/lib/rackwright/docker.sources",
            in_turn(300, f"{APT} install --download-only {EXACT}"),
            in_turn(300, f"{APT} remove docker.io"),
            in_turn(300, f"{APT} install --allow-downgrades {EXACT}"),
        )
    ]
    assert order == sorted(order)
    assert "etc/apt/sources.list.d/docker.list" in commands[order[0]]


def test_locked_packages_are_compared_before_exactly_they_are_installed(
    source: Source, tmp_path: Path
) -> None:
    inventory = tmp_path / "lab.py"
    inventory.touch()
    packages = {
        name: LockedPackage(version=f"{number}.0-1", sha256=str(number) * 64)
        for number, name in enumerate(ALL.split(), start=1)
    }
    release = {"debian/bookworm/amd64": {"stable/latest": packages}}
    lock = Lock(keys=[source.key.fingerprint.upper()], packages=release)
    write_lock(lock_path(inventory), lock)
    bare = [line.replace("trixie", "bookworm") for line in recorded("bare-debian13")]
    ran = run(
        {**source.data, "fake_responses": {**answers(bare, source.converged()), "": ""}}, inventory
    )
    commands = changing(ran)
    exact = {f"{name}={package.version}": package.sha256 for name, package in packages.items()}
    (compared,) = [each for each in ran.commands if 'sh -c "$script" compare' in each]
    words = compared.rpartition(" compare ")[2].split()
    assert dict(zip(words[::2], words[1::2], strict=True)) == exact
    at = ran.commands.index(compared)
    update = in_turn(300, "apt-get update -q")
    assert ran.commands.index(update) < at
    assert commands.count(update) == 1
    install = f"{APT} install --allow-downgrades {' '.join(exact)}"
    assert in_turn(300, install) in ran.commands[at:]


def test_packages_are_on_hold_again_where_they_could_not_be_installed(source: Source) -> None:
    plugin = "docker-compose-plugin"
    first = [
        line.replace(VERSIONS[plugin], "2.0-1") if line.startswith(f"package {plugin}") else line
        for line in source.converged()
    ]
    data = {**source.data, "docker_package_versions": {plugin: VERSIONS[plugin]}}
    exact = shlex.quote(f"{plugin}={VERSIONS[plugin]}")
    install = in_turn(300, f"{APT} install --allow-downgrades {exact}")
    begun = [
        WAIT,
        BEGIN,
        in_turn(300, "apt-get update -q"),
        in_turn(300, f"apt-mark unhold {plugin}"),
    ]
    host = answers(first, [], *begun)
    ran = run({**data, "fake_responses": host})
    assert ran.failed
    assert [command for command in changing(ran) if not gives_back(command)] == [
        *begun,
        f"{install} || {{ apt-mark hold {plugin}; false; }}",
    ]


@pytest.mark.parametrize(
    ("keys", "action"),
    [({"shutdown-timeout": 30}, "reload"), ({"log-driver": "local"}, "restart")],
)
def test_a_change_of_daemon_json_on_a_host_in_use(
    source: Source, keys: dict[str, Any], action: str
) -> None:
    converged = source.converged()
    text = parse(converged).daemon_json or ""
    there = json.loads(text)
    commands = [
        command(DAEMON_SH, "as_seen", sha256(text.encode()).hexdigest()),
        BEGIN,
        "install -d -m 0700 /var/backups/rackwright && tar -C / -czf "
        "/var/backups/rackwright/$(date -u +%Y%m%dT%H%M%SZ).tar.gz -- etc/docker/daemon.json",
        CANDIDATE,
        command(DAEMON_SH, "validate", "/etc/docker/daemon.json.new"),
        command(DAEMON_SH, "keep"),
        OWNED,
        command(DAEMON_SH, "pending", action, *sorted(keys)),
        SWAP,
        command(DAEMON_SH, "act", action),
        command(DAEMON_SH, "settle"),
        "timeout 300 runuser -u root -- docker run --rm hello-world",
        "rm -f /var/lib/rackwright/unfinished",
    ]
    driver = keys.get("log-driver", "json-file")
    after = [
        line.replace("engine_log_driver json-file", f"engine_log_driver {driver}")
        for line in converged
        if not line.startswith("daemon_json")
    ]
    text = json.dumps({**there, **keys})
    after.insert(3, f"daemon_json /etc/docker/daemon.json {_encoded(text)}")
    ran = run(
        {
            **source.data,
            "docker_daemon": keys,
            "fake_responses": answers(converged, after, *commands),
        }
    )
    assert changing(ran) == commands
    assert not ran.failed


def test_an_interrupted_dpkg_is_completed_first(source: Source) -> None:
    commands = [
        WAIT,
        BEGIN,
        in_turn(300, CONFIGURE),
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
        command(DAEMON_SH, "act", "restart"),
        command(DAEMON_SH, "settle"),
        "timeout 300 runuser -u root -- docker run --rm hello-world",
        "rm -f /var/lib/rackwright/unfinished",
    ]
    converged = source.converged()
    started = parse(converged).unit["InvocationID"]
    marks = [
        f"restart_pending /var/lib/rackwright/restart-pending {_encoded(started)}",
        f"unfinished /var/lib/rackwright/unfinished {_encoded('verify')}",
    ]
    died = [*converged[:-1], *marks, converged[-1]]
    ran = run({**source.data, "fake_responses": answers(died, converged, *commands)})
    assert changing(ran) == commands
    assert not ran.failed


def test_a_host_that_did_not_get_there_is_failed(source: Source) -> None:
    host = answers(recorded("bare-debian13"), recorded("half-debian13"))
    fails = {"cat >&2; false": {"success": False}}
    ran = run({**source.data, "fake_responses": {**host, **fails, "": ""}})
    assert ran.failed
    assert ran.commands[-2] in fails
    assert gives_back(ran.commands[-1])


@pytest.mark.parametrize("answer", ["no-sudo", "bare-debian13"])
def test_a_refused_host_is_not_touched(source: Source, answer: str) -> None:
    host = answers(recorded(answer), [])
    ran = run({**source.data, "docker_users": ["zoe"], "fake_responses": host})
    assert ran.failed
    assert ran.operations == []
    assert len(ran.commands) == 1


def test_a_login_that_speaks_first_keeps_a_host_from_being_changed(source: Source) -> None:
    def of(*first: str) -> Ran:
        data = {**source.data, "docker_users": ["admin"]}
        return run({**data, **more, "fake_responses": answers([*first], [])})

    more: dict[str, Any] = {}
    greeted = of("Welcome!", ANSWER, *recorded("bare-debian13"))
    assert greeted.failed
    assert greeted.operations == []
    assert of("", ANSWER, *recorded("bare-debian13")).operations
    assert not of("Welcome!", ANSWER, *source.converged()).failed
    more = {"docker_verify": "always"}
    assert of("Welcome!", ANSWER, *source.converged()).operations


def test_an_unregistered_command_fails_the_host(source: Source) -> None:
    ran = run({**source.data, "fake_responses": answers(recorded("bare-debian13"), [])})
    assert ran.failed
