"""A host as real ones are: the distribution's Docker, a running container, old leftovers."""

import json

from lab import registry
from lab.distros import Distro
from lab.engine import docker
from lab.paths import STATE
from lab.shell import LabError, wait_for
from lab.tar import File

UPSTREAM_REPO = "https://download.docker.com/linux"
DAEMON_JSON = {"debug": True, "labels": ["owner=infra"], "max-concurrent-downloads": 4}
FILES = {"etc/docker/daemon.json": File((json.dumps(DAEMON_JSON, indent=2) + "\n").encode())}
LEFTOVERS = """\
set -eu
keyring=/usr/share/keyrings/docker-archive-keyring.gpg
curl -fsS --retry 3 --retry-connrefused "$1/$2/gpg" | gpg --dearmor >$keyring
echo "deb [arch=$(dpkg --print-architecture) signed-by=$keyring] $1/$2 $3 stable" \\
    >/etc/apt/sources.list.d/docker.list
"""
# PID 1 ignores SIGTERM unless it says otherwise.
OLD_APP = 'CMD ["/bin/sh", "-c", "trap exit TERM; while :; do /bin/sleep 60 & wait; done"]'


def soil(name: str, container: str, distro: Distro, repo_url: str, anew: bool) -> None:
    """Make a host dirty, once: a later `up` does not bring back what somebody cleaned up.

    repo_url is empty for Docker's own package source.
    """
    done = STATE / "dirty" / name
    if done.exists() and not anew:
        return
    done.unlink(missing_ok=True)
    wait_for(f"{name}: its Docker answers", lambda: engine_answers(container), 90)
    url = repo_url or UPSTREAM_REPO
    docker("exec", container, "sh", "-c", LEFTOVERS, "sh", url, distro.family, distro.codename)
    start_old_app(container)
    done.parent.mkdir(exist_ok=True)
    done.touch()


def start_old_app(container: str) -> None:
    """Start the container that somebody relies on, from a small image that is nowhere else."""
    layer = registry.base_layer(registry.static_busybox(), "old-app", "1.0")
    inner = ("exec", "--interactive", container, "docker")
    docker(*inner, "import", f"--change={OLD_APP}", "-", "old-app:1.0", stdin=layer)
    if not docker(*inner, "ps", "--all", "--quiet", "--filter=name=^old-app$").strip():
        docker(*inner, "run", "--detach", "--name=old-app", "--restart=always", "old-app:1.0")


def engine_answers(container: str) -> bool:
    try:
        return bool(docker("exec", container, "docker", "version"))
    except LabError:
        return False
