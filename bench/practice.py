"""The lab of the benchmark: bare hosts, provisioned hosts, and what ran on them."""

import hashlib
import io
import os
import subprocess
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from urllib.request import ProxyHandler, build_opener

os.environ["LAB_NAME"] = "bench"

# The lab reads LAB_NAME when it is imported.
from bench import cases
from bench.cases import Case, Site
from lab import containers, counter, distros, engine, hosts
from lab import lab as practice
from lab.paths import ROOT, STATE, lab_id
from lab.shell import LabError, at_once, run, stage, wait_for

LABEL = "rackwright.provisioned"
# A run that ended in the middle may have left its lock, and an apt that goes on.
WITHOUT = """
rm -f /run/rackwright/lock
apt-get remove -qqy --allow-change-held-packages -o DPkg::Lock::Timeout=120 "$1" >/dev/null
"""


def ready(case: Case) -> Site:
    """Bring the hosts of a case up, and say where they are. Raises LabError."""
    with stage(f"{case.hosts} hosts up"):
        if case.bare:
            up(case.hosts)
            return site()
        up(case.hosts, provisioned_images())
        there = site()
        wait_for("all hosts are as wanted", lambda: holds(there), 300)
    return there


def up(count: int, bases: Mapping[str, str] | None = None) -> None:
    """A lab of clean hosts, the distributions in turn, without the lab's own table of them."""
    with redirect_stdout(io.StringIO()):
        practice.up(count, list(distros.DEFAULT), some_dirty=False, upstream=False, bases=bases)


def provisioned_images() -> dict[str, str]:
    """By distribution, an image of a host after our deploy. Its volumes are not part of it."""
    up(len(distros.DEFAULT))
    # An earlier run may have left them as another contender makes them.
    reset()
    execute(cases.ours())
    change = f"--change=LABEL {LABEL}={lab_id()}"
    return {
        host["distro"]: engine.docker("commit", change, host["container"]).strip()
        for host in hosts.load()["hosts"]
    }


def site() -> Site:
    """What the contenders must know of the lab that is up. Writes the ssh configuration."""
    lab = hosts.load()
    config = STATE / "ssh_config"
    config.write_text("".join(ssh_host(host["name"], host["data"]) for host in lab["hosts"]))
    first = f"{lab['services']['repo_url']}/debian/gpg"
    with build_opener(ProxyHandler({})).open(first, timeout=10) as answer:
        key = hashlib.sha256(answer.read()).hexdigest()
    mirror = lab["all"]["docker_registry_mirrors"][0]
    users = tuple(lab["all"]["docker_users"])
    return Site(config, lab["services"]["repo_url"], key, mirror, users)


def ssh_host(name: str, data: Mapping[str, str]) -> str:
    """A host in an ssh configuration: the same key and the same host key checking as ours."""
    return (
        f"Host {name}\n HostName {data['ssh_hostname']}\n User {data['ssh_user']}\n"
        f" IdentityFile {data['ssh_key']}\n IdentitiesOnly yes\n BatchMode yes\n"
        f" UserKnownHostsFile {data['ssh_known_hosts_file']}\n"
        f" StrictHostKeyChecking {data['ssh_strict_host_key_checking']}\n"
    )


def execute(command: list[str]) -> None:
    """Run a contender. Raises LabError with the end of its error output when it fails."""
    run(*command, cwd=ROOT)


def holds(there: Site) -> bool:
    """Whether every host is as wanted."""
    try:
        execute(cases.check(there))
    except LabError:
        return False
    return True


def prepare(case: Case) -> None:
    """All hosts as the case has them before every run."""
    if case.bare:
        reset()
    if case.lacks:
        at_once(lambda name: hosts.execute(name, "sh", "-ec", WITHOUT, "sh", case.lacks), names())


def reset() -> None:
    """All hosts back in their starting state."""
    hosts.reset(names())


def counted(do: Callable[[], None]) -> list[int]:
    """How many remote commands each host ran while do() ran."""
    at_once(counter.start, names())
    do()
    return at_once(counter.stop, names())


def names() -> list[str]:
    """The hosts of the lab that is up."""
    return [host["name"] for host in hosts.load()["hosts"]]


def down() -> None:
    """Take the lab away, with the images that were made of its hosts."""
    containers.remove(list(containers.find()))
    label = f"--filter=label={LABEL}={lab_id()}"
    if made := set(engine.docker("images", "--quiet", label).split()):
        engine.docker("rmi", "--force", *made)
    with redirect_stdout(io.StringIO()):
        practice.down()


def version_of_ssh() -> str:
    """What the machine's ssh calls itself, such as "OpenSSH_9.2p1"."""
    said = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True).stderr
    return said.split(",")[0].split()[0]
