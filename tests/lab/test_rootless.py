"""Users with a Docker daemon of their own, without root."""

from itertools import pairwise
from typing import Any

import pytest

from lab import counter
from tests.lab.fleet import Lab, Ran

# What real machines have and containers have not: the device, and the list of what is built into
# the kernel (that of the machine has ip_tables; see /proc/config.gz).
MACHINE = """\
mkdir -p /dev/net /lib/modules/$(uname -r)
[ -e /dev/net/tun ] || mknod -m 666 /dev/net/tun c 10 200
echo kernel/net/ipv4/netfilter/ip_tables.ko > /lib/modules/$(uname -r)/modules.builtin
sed -i '/^bob:/d' /etc/subuid /etc/subgid
"""
BOBS = "export DOCKER_HOST=unix:///run/user/$(id -u)/docker.sock;"
WANTED = {"docker_users": ["alice"], "docker_rootless_users": ["bob"]}
# One of each distribution and of each engine.
KINDS = {"dirty": "26.1", "debian13": "26.1", "ubuntu": "20.10"}
KIND = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def ready(lab: Lab) -> Ran:
    """All hosts, one of them dirty, after a run that gives bob a daemon."""
    lab.reset(*lab.all)
    for name in lab.all:
        lab.root(name, MACHINE)
    return lab.deploy(data=data(lab))


def data(lab: Lab) -> dict[str, dict[str, Any]]:
    """The settings of all hosts."""
    return {getattr(lab, kind): {**WANTED, "docker_version": KINDS[kind]} for kind in KINDS}


@KIND
def test_a_user_runs_hello_world_on_a_daemon_without_root(lab: Lab, ready: Ran, kind: str) -> None:
    assert ready.code == 0, ready.output
    host = getattr(lab, kind)
    assert "hello-world runs on the daemon of bob" in ready.output
    ran = lab.login(host, "bob", f"{BOBS} docker run --rm hello-world")
    assert "Hello from Docker!" in ran.output, ran.output
    options = lab.login(host, "bob", f"{BOBS} docker info -f '{{{{.SecurityOptions}}}}'")
    assert "name=rootless" in options.output
    by_itself = lab.login(host, "bob", "docker info -f '{{.SecurityOptions}}'")
    assert "name=rootless" in by_itself.output, "the tool makes the context his own"
    owner = lab.root(host, "ps -o user= -C rootlesskit | sort -u")
    assert owner.strip() == "bob"
    assert lab.login(host, "bob", "docker -H unix:///var/run/docker.sock ps").code != 0
    ranges = lab.root(host, "cat /etc/subuid").split()
    starts = [int(each.split(":")[1]) for each in ranges]
    assert [each.split(":")[0] for each in ranges][-1] == "bob"
    assert all(later - earlier >= 65536 for earlier, later in pairwise(starts))


def test_again_changes_nothing_with_one_command(lab: Lab, ready: Ran) -> None:
    for name in lab.all:
        counter.start(name)
    again = lab.deploy(data=data(lab))
    assert [counter.stop(name) for name in lab.all] == [1, 1, 1]
    assert "3 hosts: 3 unchanged" in again.output, again.output


def test_a_daemon_that_does_not_answer_is_put_right(lab: Lab, ready: Ran) -> None:
    uid = lab.root(lab.ubuntu, "id -u bob").strip()
    lab.root(
        lab.ubuntu,
        f"runuser -u bob -- env XDG_RUNTIME_DIR=/run/user/{uid} systemctl --user stop docker",
    )
    ran = lab.deploy(limit=[lab.ubuntu], data=data(lab))
    assert "1 host: 1 changed" in ran.output, ran.output


def test_who_is_taken_out_loses_the_daemon_and_keeps_the_data(lab: Lab, ready: Ran) -> None:
    sleeps = f"{BOBS} docker run -d --name app hello-world; docker create --name kept hello-world"
    ran = lab.login(lab.ubuntu, "bob", sleeps)
    assert ran.code == 0, ran.output
    without = {lab.ubuntu: {**data(lab)[lab.ubuntu], "docker_rootless_users": []}}
    ran = lab.deploy(limit=[lab.ubuntu], data=without)
    assert "1 host: 1 changed" in ran.output, ran.output
    left = lab.root(
        lab.ubuntu,
        "pgrep -u bob rootlesskit || true; ls /var/lib/systemd/linger /var/lib/rackwright; "
        "ls -d /home/bob/.local/share/docker",
    )
    assert "rootlesskit" not in left and "bob" not in left.replace("/home/bob", "")
    assert "/home/bob/.local/share/docker" in left
    again = lab.deploy(limit=[lab.ubuntu], data=without)
    assert "1 host: 1 unchanged" in again.output, again.output


def test_a_purge_takes_the_daemon_and_with_the_word_the_data(lab: Lab, ready: Ran) -> None:
    ran = lab.deploy(limit=[lab.ubuntu], data=data(lab))
    assert ran.code == 0, ran.output
    words = ("tasks.purge.purge", "data=true", "stop_containers=true", "--limit", lab.ubuntu)
    ran = lab.pyinfra("-y", str(lab.inventory(data(lab))), *words)
    assert "1 host: 1 changed" in ran.output, ran.output
    left = lab.root(lab.ubuntu, "pgrep -u bob -l rootlesskit || true; ls /home/bob/.local/share")
    assert left.strip() == ""
