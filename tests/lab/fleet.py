"""Practice hosts for the tests: run deploy.py on them, break them, and look at them.

What is looked at goes through pytest-testinfra over SSH and shares no code with Rackwright.
"""

import os
import pprint
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import testinfra
from testinfra.host import Host as Inspected

from lab import hosts

ROOT = Path(__file__).parents[2]
DISTROS = "debian12,debian13,ubuntu24.04"
PYINFRA = str(Path(sys.executable).parent / "pyinfra")
RACKWRIGHT = str(Path(sys.executable).parent / "rackwright")

# Seconds for a run; a machine that is busy with other work may need more.
PATIENCE = int(os.environ.get("LAB_PATIENCE", "900"))


def lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """What a process prints, as it comes; one that goes on for too long is killed."""
    deadline = threading.Timer(PATIENCE, process.kill)
    deadline.start()
    try:
        assert process.stdout
        # Not the stream itself: who stops listening would close it.
        yield from iter(process.stdout.readline, "")
    finally:
        deadline.cancel()


@dataclass(frozen=True)
class Ran:
    """A finished command: exit code, and standard output and error in one text."""

    code: int
    output: str


class Lab:
    """The test lab. Names of its hosts: `dirty` (Debian 12), `debian13`, `ubuntu`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = hosts.load()
        self.dirty, self.debian13, self.ubuntu = (host["name"] for host in self.state["hosts"])
        self.all = (self.dirty, self.debian13, self.ubuntu)

    def data(self, name: str) -> dict[str, Any]:
        """A host's connection data."""
        return dict(next(host["data"] for host in self.state["hosts"] if host["name"] == name))

    @property
    def services(self) -> Mapping[str, str]:
        """Addresses of the package source and the registries."""
        services: Mapping[str, str] = self.state["services"]
        return services

    def deploy(
        self,
        *flags: str,
        limit: Iterable[str] = (),
        data: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Ran:
        """Run deploy.py on the hosts in `limit` (all), with the data of single hosts changed.

        The environment is that of the tests, with RUST_BACKTRACE on, which once ended the process.
        """
        inventory = self.inventory(data or {})
        limits = [word for name in limit for word in ("--limit", name)]
        return self.pyinfra(str(inventory), "deploy.py", *limits, *(flags or ("-y",)))

    def deploy_and_kill(
        self, name: str, at: str, *what: str, data: Mapping[str, Any] | None = None
    ) -> str:
        """Run deploy.py (or `what`) on one host and kill it (SIGKILL) when it prints `at`.

        Returns the output. Raises AssertionError when it never comes to that.
        """
        return self.deploy_and(subprocess.Popen.kill, name, at, *what, data=data).output

    def deploy_and(
        self,
        do: Callable[[subprocess.Popen[str]], object],
        name: str,
        at: str,
        *what: str,
        data: Mapping[str, Any] | None = None,
    ) -> Ran:
        """Run deploy.py (or `what`) on one host, and do something when it prints `at`.

        Raises AssertionError when it never comes to that.
        """
        return self.deploy_with({at: do}, name, *what, data=data)

    def deploy_with(
        self,
        events: Mapping[str, Callable[[subprocess.Popen[str]], object]],
        name: str,
        *what: str,
        data: Mapping[str, Any] | None = None,
    ) -> Ran:
        """Run deploy.py (or `what`) on one host, and do what is to happen when it prints a text.

        Raises AssertionError when it never comes to one of them.
        """
        inventory = self.inventory({name: data or {}})
        command = [PYINFRA, "-y", str(inventory), *(what or ("deploy.py",)), "--limit", name]
        said: list[str] = []
        left = dict(events)
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            for line in lines(process):
                said.append(line)
                for at in [each for each in left if each in line]:
                    left.pop(at)(process)
        assert not left, f"{list(left)} was never printed:\n{''.join(said)}"
        return Ran(process.returncode, "".join(said))

    def settled(self, name: str) -> None:
        """What a run that was killed had begun on the host is over."""
        session = f"sshd[^ ]*: {self.data(name)['ssh_user']}@notty"
        self.root(
            name,
            f"timeout 120 sh -c 'while pgrep -f \"{session}\" || pgrep -x sudo; do sleep 0.2; done'"
            " >/dev/null",
        )

    def pyinfra(self, *words: str) -> Ran:
        """Run pyinfra in the project's folder; whatever it asks is answered with Enter."""
        return self._run(PYINFRA, *words)

    def rackwright(self, *words: str) -> Ran:
        """Run our own command in the project's folder."""
        return self._run(RACKWRIGHT, *words)

    def _run(self, *words: str) -> Ran:
        done = subprocess.run(
            words,
            cwd=ROOT,
            env={**os.environ, "RUST_BACKTRACE": "1"},
            input="\n" * 20,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
        return Ran(done.returncode, done.stdout)

    def inventory(self, changes: Mapping[str, Mapping[str, Any]]) -> Path:
        """An inventory file with the lab's hosts, their data changed as given."""
        listed = [(name, {**self.data(name), **changes.get(name, {})}) for name in self.all]
        path = self.folder / "inventory.py"
        path.write_text(f"lab = {pprint.pformat((listed, self.state['all']))}\n")
        return path

    def reset(self, *names: str) -> None:
        """Hosts back in their starting state."""
        hosts.reset(list(names))

    def root(self, name: str, script: str) -> str:
        """Run a shell script as root in a host, beside SSH; returns what it prints."""
        return hosts.execute(name, "sh", "-ec", script)

    @contextmanager
    def greeted(self, name: str) -> Iterator[None]:
        """The login of the inventory is greeted on the host before every command, for a while.

        SFTP becomes sshd's own, which needs no shell: with the other, it would be greeted as well.
        """
        file = f"~{self.data(name)['ssh_user']}/.bashrc"
        sftp = "s/^Subsystem.*/Subsystem sftp internal-sftp/"
        self.root(
            name,
            f"sed -i '1i echo Welcome' {file}; sed -i '{sftp}' /etc/ssh/sshd_config; "
            "systemctl reload ssh",
        )
        yield
        self.root(name, f"sed -i '/^echo Welcome$/d' {file}")

    def login(self, name: str, user: str, *words: str) -> Ran:
        """A fresh login of a user over SSH, for one command."""
        host = next(host for host in self.state["hosts"] if host["name"] == name)
        done = subprocess.run(
            hosts.ssh_command(host, *words, user=user), capture_output=True, text=True, timeout=120
        )
        return Ran(done.returncode, done.stdout + done.stderr)

    def inspect(self, name: str) -> Inspected:
        """A host for testinfra, as root over SSH."""
        return testinfra.get_host(
            f"ssh://{name}", ssh_config=str(self._ssh_config), sudo=True, timeout=60
        )

    @cached_property
    def _ssh_config(self) -> Path:
        path = self.folder / "ssh_config"
        path.write_text(
            "\n".join(
                f"Host {name}\n HostName {data['ssh_hostname']}\n User {data['ssh_user']}\n"
                f" IdentityFile {data['ssh_key']}\n"
                f" UserKnownHostsFile {data['ssh_known_hosts_file']}\n"
                for name in self.all
                for data in [self.data(name)]
            )
        )
        return path

    def fingerprint(self, name: str) -> str:
        """Everything of a host that a run could have changed, as one text to compare."""
        return self.root(
            name,
            "dpkg -l; find /etc/apt /etc/docker /var/lib/rackwright /usr/share/keyrings -type f "
            "-exec sha256sum {} + 2>/dev/null | sort -k2; getent group docker || true; "
            "systemctl list-unit-files 'docker*' 'containerd*' --no-legend || true",
        )
