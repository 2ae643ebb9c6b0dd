"""Two hosts with the two engines that the lab has, and what tests of containers need of them."""

import json
from collections.abc import Mapping
from typing import Any

from tests.lab.fleet import Lab, Ran

VARIABLE = "PRACTICE_CONTAINER_SECRET"
SEEN = "unlikely7391"  # the part of the secret that nothing would quote
WORDS = f'it\'s 3 "$words" \\ and #{SEEN}'
# PID 1 ends at SIGTERM only when it says so, and the image has little more than sleep.
STAYS = ["sh", "-c", "trap exit TERM; echo here I am; while :; do sleep 1 & wait $!; done"]
FAILS = ["sh", "-c", "echo first; echo no configuration; sleep 0.2; exit 3"]
# Writes down what all processes have in their command lines and environments.
SPY = """\
cat > /usr/local/bin/docker <<'EOF'
#!/bin/sh
case $* in *create*)
    for process in /proc/[0-9]*; do
        tr '\\0' ' ' <$process/cmdline; echo
        tr '\\0' ' ' <$process/environ; echo
    done >>/var/tmp/seen 2>/dev/null ;;
esac
exec /usr/bin/docker "$@"
EOF
chmod 755 /usr/local/bin/docker
"""


def run(lab: Lab, data: Mapping[str, Any], *flags: str, limit: tuple[str, ...] = ()) -> Ran:
    """deploy.py with this data on the two hosts, or on some of them."""
    old = {"docker_version": "20.10", "docker_allow_container_stop": True}
    # In debug mode, which the dirty host is in, Docker writes environments into its log.
    quiet = {"docker_daemon": {"debug": False}}
    return lab.deploy(
        *(flags or ("-y",)),
        limit=limit or both(lab),
        data={lab.dirty: {**old, **quiet, **data}, lab.debian13: data},
    )


def both(lab: Lab) -> tuple[str, str]:
    """The hosts with 20.10, where a container of somebody else runs, and with 26.1."""
    return lab.dirty, lab.debian13


def bare(lab: Lab) -> None:
    """Bring the two engines onto fresh hosts, and nothing else."""
    lab.reset(*both(lab))
    ran = run(lab, {})
    assert ran.code == 0, ran.output
    said = [lab.root(name, "docker version -f '{{.Server.Version}}'") for name in both(lab)]
    assert [version.split(".")[0] for version in said] == ["20", "26"]


def inspect(lab: Lab, name: str, container: str) -> dict[str, Any]:
    """What Docker says of a container."""
    found: dict[str, Any] = json.loads(lab.root(name, f"docker container inspect {container}"))[0]
    return found


def restarted(lab: Lab, name: str, container: str) -> None:
    """What runs in a container dies, and Docker restarts it for the first time."""
    pid = inspect(lab, name, container)["State"]["Pid"]
    form = "{{.RestartCount}} {{.State.Running}}"
    runs = f"[ \"$(docker container inspect --format '{form}' {container})\" = '1 true' ]"
    lab.root(name, f"kill -9 {pid}; for i in $(seq 50); do ! {runs} || exit 0; sleep 0.2; done")
    assert inspect(lab, name, container)["RestartCount"] == 1


def names(lab: Lab, name: str, what: str = "container") -> set[str]:
    """The names of all containers (networks, volumes) of a host."""
    every = "--all" if what == "container" else ""
    key = "Names" if what == "container" else "Name"
    return set(lab.root(name, f"docker {what} ls {every} --format '{{{{.{key}}}}}'").split())


def files_with(lab: Lab, name: str, words: str) -> list[str]:
    """Files and lines of the journal of a host that have these words in them.

    Not what containerd itself keeps of containers that run, nor the file that go-runc hands a
    process over in (os.CreateTemp of "runc-process") for the moment in which a health check starts.
    """
    found = lab.root(
        name,
        f"cd /; grep -rlF {words} etc home root run tmp var/backups var/lib/rackwright var/log "
        f"var/tmp 2>/dev/null || true; journalctl --no-pager | grep -F {words} || true",
    )
    theirs = ("/io.containerd.", "tmp/runc-process")
    return [line for line in found.splitlines() if not any(path in line for path in theirs)]
