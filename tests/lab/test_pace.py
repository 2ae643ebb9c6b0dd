"""rackwright plan and apply on six hosts: frozen, killed and unreachable ones, and Ctrl-C."""

import pprint
import re
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from lab import containers, hosts
from lab.engine import docker
from lab.shell import LabError, wait_for
from tests.lab.conftest import lab_command
from tests.lab.fleet import DISTROS, RACKWRIGHT, ROOT, Lab, Ran, lines

# Seconds for a frozen host; it is the lab's idlest, so that its sshd answers at once before.
SILENCE = 10
MARK = "/run/test-hangs"


class Six:
    """The six hosts, and the rackwright command on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = hosts.load()
        self.names = [host["name"] for host in self.state["hosts"]]
        self.odd = self.names[-1]
        self.numbers = count()
        self.started: list[subprocess.Popen[str]] = []

    def start(
        self,
        command: str,
        *words: str,
        data: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> "Running":
        """Start a command on the hosts, with the data of single hosts changed."""
        data = data or {}
        listed = [
            (host["name"], {**host["data"], **data.get(host["name"], {})})
            for host in self.state["hosts"]
        ]
        path = self.folder / f"six-{next(self.numbers)}.py"
        path.write_text(f"lab = {pprint.pformat((listed, self.state['all']))}\n")
        running = Running(RACKWRIGHT, command, str(path), *words)
        self.started.append(running.process)
        return running

    def run(self, command: str, *words: str, **how: Any) -> Ran:
        """Run a command to its end."""
        return self.start(command, *words, **how).end()

    def on_each(self, script: str) -> None:
        """Run a shell script as root on all hosts at once, beside SSH."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: self.root(name, script), self.names))

    def root(self, name: str, script: str) -> str:
        """Run a shell script as root in a host, beside SSH."""
        return hosts.execute(name, "sh", "-ec", script)


class Running:
    """A command that runs, and what it has said so far."""

    def __init__(self, *words: str) -> None:
        self.said: list[str] = []
        self.process = subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def lines(self) -> Iterator[str]:
        """Its lines, as they come."""
        for line in lines(self.process):
            self.said.append(line)
            yield line

    def until(self, text: str) -> "Running":
        """Wait until it says this. Raises AssertionError when it ends before."""
        assert any(text in line for line in self.lines()), f"never {text!r}:\n{''.join(self.said)}"
        return self

    def interrupt(self) -> "Running":
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self

    def end(self) -> Ran:
        """Wait for its end."""
        with self.process:
            list(self.lines())
        return Ran(self.process.returncode, "".join(self.said))


@pytest.fixture(scope="module")
def six(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Six]:
    """Six hosts in their starting state; the lab of the tests again at the end."""
    lab_command("up", "--hosts", "6", "--distros", DISTROS, "--dirty")
    made = Six(tmp_path_factory.mktemp("six"))
    hosts.reset(made.names)
    yield made
    lab_command("up", "--hosts", "3", "--distros", DISTROS, "--dirty")


@pytest.fixture(scope="module")
def home(six: Six) -> Six:
    """All six provisioned."""
    assert six.run("apply", "--yes").code == 0
    return six


# Where the odd host comes to each step. /usr/local/sbin goes first in sudo's secure_path.
HANGS = {
    "observe": "/usr/local/sbin/dpkg-query",
    "Engine": "/etc/apt/apt.conf.d/99test-hangs",
    "Verify": "/usr/local/sbin/runuser",
}


def hang(six: Six, step: str) -> None:
    """The odd host stops for ever in this step, and leaves a mark."""
    script = f"touch {MARK}; exec sleep infinity"
    text = f'DPkg::Pre-Invoke {{"{script}";}};' if step == "Engine" else f"#!/bin/sh\n{script}"
    six.root(six.odd, f"rm -f {MARK}; printf '{text}\\n' >{HANGS[step]}; chmod +x {HANGS[step]}")


def hangs(six: Six) -> bool:
    """Whether it came to that."""
    return six.root(six.odd, f"test -e {MARK} && echo yes || true") == "yes\n"


@contextmanager
def frozen(six: Six) -> Iterator[None]:
    """Nothing runs on the odd host; its kernel goes on to answer TCP. Then it hangs nowhere."""
    wait_for(f"{six.odd} freezes", lambda: paused(six), 120, 1)
    try:
        yield
    finally:
        docker("unpause", containers.full_name(six.odd))
        release(six)


def paused(six: Six) -> bool:
    """Whether the engine could pause it; on a busy machine it cannot always."""
    with suppress(LabError):
        docker("pause", containers.full_name(six.odd))
        return True
    return False


def release(six: Six) -> None:
    """The odd host hangs nowhere any more."""
    six.root(six.odd, f"rm -f {' '.join(HANGS.values())} {MARK}; pkill -x sleep || true")


POINTS = (
    ("Begin | The host knows that a run is under way", "Engine | Docker's packages are installed"),
    ("Repository | Docker's key is in", "Hold | Docker's packages are on hold"),
    ("Repository | docker.sources is the only definition", "Service | Docker is enabled"),
    ("Lists | The package lists are new", "Users | admin, alice can use Docker"),
)


def test_ctrl_c_at_ten_points_and_home_on_the_next_run(six: Six) -> None:
    """Two points each on five hosts: the run after the first one goes on, up to the second one."""

    def twice(name: str, first: str, second: str) -> None:
        only = ("--yes", "--limit", name)
        for step in (first, second):
            ran = six.start("apply", *only).until(f"{name}: {step}").interrupt().end()
            interrupted(ran, name)

    def interrupted(ran: Ran, name: str) -> None:
        assert ran.code == 3, ran.output
        assert "stopped by Ctrl-C; what runs is waited for" in ran.output
        assert re.search(rf"│ {name} +│ not reached +│", ran.output), ran.output
        assert "1 host: 1 not reached; mend what the table names" in ran.output
        assert "Traceback" not in ran.output

    def while_connecting_and_looking(name: str) -> None:
        only = ("--yes", "--limit", name)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            at = {"ssh_hostname": "127.0.0.1", "ssh_port": silent.getsockname()[1]}
            running = six.start("apply", *only, data={name: at})
            with silent.accept()[0]:
                interrupted(running.interrupt().end(), name)
        hang(six, "observe")
        running = six.start("apply", *only)
        wait_for("the probe hangs", lambda: hangs(six), 120, 0.5)
        interrupted(running.interrupt().end(), name)
        release(six)

    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(while_connecting_and_looking, six.odd)]
        jobs += [
            pool.submit(twice, name, *points)
            for name, points in zip(six.names[1:5], POINTS, strict=True)
        ]
        for job in jobs:
            job.result()
    ran = six.run("apply", "--yes")
    assert ran.code == 0, ran.output
    again = six.run("plan", "--detailed-exitcode")
    assert again.code == 0, again.output
    assert "6 hosts: 6 unchanged; nothing was changed." in again.output


@pytest.fixture(autouse=True)
def nothing_goes_on(six: Six) -> Iterator[None]:
    """A test that failed leaves no run that changes the hosts of the next one."""
    yield
    for process in six.started:
        process.kill()
    six.started.clear()


@pytest.fixture
def pending(home: Six) -> Six:
    """Each host has a package to install."""
    home.on_each(
        "apt-get remove -qqy --allow-change-held-packages -o DPkg::Lock::Timeout=120 "
        "docker-compose-plugin >/dev/null"
    )
    return home


@pytest.mark.parametrize("step", ["observe", "Engine", "Verify"])
def test_a_host_that_freezes_holds_nobody_and_is_named(pending: Six, step: str) -> None:
    hang(pending, step)
    running = pending.start("apply", "--yes", data={pending.odd: {"host_silence": SILENCE}})
    wait_for(f"{pending.odd} is in {step}", lambda: hangs(pending), 240, 0.5)
    with frozen(pending):
        ran = running.end()
    assert_the_others_are_done(pending, ran, f"failed in .*: {step}.*: no sign of life for 10 s")


# As after a reboot: the connection of before is gone, and there is another one.
RECONNECTS = f"""
from pyinfra import host
from pyinfra.operations import python, server

def reconnect():
    host.connector.client.close()
    host.disconnect()
    host.connect()

python.call(name="reconnect", function=reconnect)
server.shell(name="hang", commands=["sudo touch {MARK}; sleep infinity"])
"""


def test_a_host_that_freezes_after_a_reboot_is_named(home: Six) -> None:
    deploy = home.folder / "reconnects.py"
    deploy.write_text(RECONNECTS)
    words = ("--yes", "--limit", home.odd, "--task", str(deploy))
    running = home.start("apply", *words, data={home.odd: {"host_silence": SILENCE}})
    wait_for(f"{home.odd} hangs", lambda: hangs(home), 120, 0.5)
    with frozen(home):
        ran = running.end()
    assert ran.code == 3, ran.output
    assert "failed in" in ran.output
    assert "hang: no sign of life for 10 s" in ran.output


def test_a_command_that_does_not_end_is_given_up(pending: Six) -> None:
    hang(pending, "Verify")
    limits = {"host_command_timeout": 15, "docker_apt_timeout": 45}
    ran = pending.run("apply", "--yes", "--limit", pending.odd, data={pending.odd: limits})
    release(pending)
    assert ran.code == 3, ran.output
    said = "Verify | hello-world runs as admin: a command did not end within 60 s"
    assert f": {said} (host_command_timeout + docker_apt_timeout)" in ran.output


def test_a_host_that_is_frozen_from_the_start_holds_nobody(pending: Six) -> None:
    with frozen(pending):
        ran = pending.run("apply", "--yes", data={pending.odd: {"host_timeout": 15}})
    said = "unreachable in .*: connect: not done within 15 s .*; try: ssh "
    assert_the_others_are_done(pending, ran, said)


def test_the_run_after_all_that_brings_them_home(home: Six) -> None:
    ran = home.run("apply", "--yes")
    assert ran.code == 0, ran.output
    again = home.run("plan", "--detailed-exitcode")
    assert again.code == 0, again.output


def assert_the_others_are_done(six: Six, ran: Ran, said: str) -> None:
    """Five changed, and this was said of the odd one."""
    assert ran.code == 3, ran.output
    changed = re.findall(r"^(\S+): changed in ", ran.output, re.MULTILINE)
    assert sorted(changed) == sorted(six.names[:-1]), ran.output
    assert re.search(rf"^{six.odd}: {said}", ran.output, re.MULTILINE), ran.output


def test_killed_and_unreachable_hosts_are_named_and_the_others_done(pending: Six) -> None:
    hang(pending, "Engine")
    away = pending.names[0]
    data = {pending.odd: {"host_silence": SILENCE}, away: {"ssh_port": 1}}
    running = pending.start("apply", "--yes", data=data)
    wait_for(f"{pending.odd} is in Engine", lambda: hangs(pending), 240, 0.5)
    docker("kill", containers.full_name(pending.odd))
    ran = running.end()
    assert ran.code == 3, ran.output
    assert re.search(rf"{away}: unreachable in .*: connect: Could not connect", ran.output)
    assert re.search(
        rf"{pending.odd}: failed in .*: Engine \| Docker's packages are inst", ran.output
    )
    assert "6 hosts: 4 changed, 1 failed, 1 unreachable; mend what" in ran.output
    assert re.search(r"try: ssh .*-p 1 ", ran.output)
