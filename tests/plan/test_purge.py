"""tasks.purge.purge on fake hosts: exactly which commands would be run."""

import re
from typing import Any

from rackwright.host.script import unpacked
from rackwright.look.probe import PURGE_SCRIPT
from rackwright.packages.patience import in_turn
from tasks.purge import purge
from tests.plan.fleet import Ran, run
from tests.plan.test_deploy import FACTS, FIRST_LOOK, HOLDER, LOCK_SH, SECOND_LOOK, WAIT, gives_back
from tests.unit.test_observed import recorded

LEFTOVERS = unpacked(PURGE_SCRIPT).split()[1]
STATE = "/var/lib/rackwright"
BACKUP = (
    "install -d -m 0700 /var/backups/rackwright && tar -C / -czf "
    "/var/backups/rackwright/$(date -u +%Y%m%dT%H%M%SZ).tar.gz -- "
)
FOUND = """\
package docker-ce ii  5:26.1.5-1
package containerd.io hi  1.7
package docker-model-plugin un
path /var/lib/docker
path /var/lib/rackwright
containers 1
volumes 0
group docker:x:998:admin,alice
credentials alice /home/alice/.docker/config.json"""


def answer(lines: str) -> list[str]:
    """An answer of purge.sh."""
    return ["@@rackwright-begin", *lines.splitlines(), "@@rackwright-end"]


def purged(found: str, first: list[str], commands: list[str], **said: bool) -> Ran:
    """A run of the purge on a fake host that answers so, and lets these very commands succeed."""
    answers: dict[Any, Any] = {
        LEFTOVERS: answer(found),
        FIRST_LOOK: first,
        SECOND_LOOK: first,
        HOLDER: "",
        LOCK_SH: "",
        **FACTS,
        re.compile(r"^! \(test -e"): [
            "user=root group=root mode=-rw-r--r-- atime=1 mtime=1 ctime=1 size=1 '/x'"
        ],
        **{re.compile(f"^{re.escape(command)}$"): "" for command in commands},
    }
    settings = {"docker_users": ["admin", "alice"], "fake_responses": answers}
    return run(settings, command=lambda: purge(**said))


def changing(ran: Ran) -> list[str]:
    """The commands that change something, in order."""
    looks = (re.compile(re.escape(look)) for look in (FIRST_LOOK, SECOND_LOOK, HOLDER, LOCK_SH))
    reading = (*FACTS, *looks)
    return [each for each in ran.commands if not any(one.search(each) for one in reading)]


def test_packages_go_before_data_and_our_mark_goes_last() -> None:
    files = "/etc/apt/sources.list.d/docker.sources", "/etc/apt/keyrings/docker.asc"
    commands = [
        WAIT,
        f"install -d -m 0755 {STATE} && echo verify > {STATE}/unfinished",
        BACKUP + " ".join(path.lstrip("/") for path in reversed(files)),
        "docker ps --quiet | xargs -r docker stop",
        in_turn(300, "echo containerd.io deinstall | dpkg --set-selections"),
        "for unit in docker.socket docker.service containerd.service; do "
        "! systemctl cat $unit >/dev/null 2>&1 || systemctl stop $unit || exit 1; done",
        in_turn(300, "DEBIAN_FRONTEND=noninteractive apt-get purge -qy docker-ce containerd.io"),
        'folder=$(readlink -e /var/lib/docker) && find "$folder" -xdev -mindepth 1 -delete'
        " && { rmdir /var/lib/docker 2>/dev/null || true; }",
        "gpasswd --delete admin docker",
        "gpasswd --delete alice docker",
        "groupdel docker",
        "runuser -u alice -- sh -c 'rm -f /home/alice/.docker/config.json && "
        "rmdir --ignore-fail-on-non-empty /home/alice/.docker'",
        f"rm -f {files[0]}",
        f"rm -f {files[1]}",
    ]
    first = [line for line in recorded("converged-debian12") if not line.startswith("daemon_json")]
    ran = purged(FOUND, first, commands, data=True, config=True, stop_containers=True)
    # The fake host never changes, so that the second look fails it, and the mark stays.
    assert changing(ran)[: len(commands)] == commands
    assert ran.failed
    assert ran.commands[-2] == "cat >&2; false"
    assert gives_back(ran.commands[-1])
    assert f"rm -rf {STATE}" not in ran.commands


def test_without_the_words_data_and_credentials_are_not_touched() -> None:
    ran = purged(FOUND, recorded("converged-debian12"), [], stop_containers=True)
    assert "Purge packages | Docker's packages are purged" in ran.operations
    assert not [name for name in ran.operations if "/var/lib/docker" in name or ".docker" in name]


def test_a_bare_host_is_looked_at_twice_and_left_alone() -> None:
    ran = purged("containers 0\nvolumes 0", recorded("bare-debian13"), [])
    assert ran.operations == []
    assert len(ran.commands) == 2
    assert not ran.failed
