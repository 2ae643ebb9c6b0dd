"""exec -it, run -it and attach: one host, through ssh itself, which knows terminals."""

import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from pyinfra.api import Host

from rackwright import exits
from rackwright.fleet import load
from rackwright.fleetwide.hosts import wrong
from rackwright.fleetwide.words import Words, entering
from rackwright.host.rooted import rooted
from rackwright.host.script import command
from rackwright.host.ssh_command import ssh_command
from rackwright.run import hosts_of
from rackwright.settings import SettingsError

LOST = 255  # ssh(1), EXIT STATUS: an error of ssh itself
ATTACH = Path(__file__).with_name("attach.sh")


def enter(
    inventory: str,
    limit: Sequence[str],
    exclude: Sequence[str],
    words: Words,
    interactive: bool,
    tty: bool,
) -> int:
    """Hand this terminal (with `tty`) and input (with `interactive`) over to `docker exec|run`.

    Returns the exit code of the command: that of what ran is told in words.
    """
    shell = shlex.join(entering(words, interactive, tty))
    return _hand_over(inventory, limit, exclude, shell, interactive, tty)


def attach(inventory: str, host: str, container: str) -> int:
    """Hand this terminal, or any other input, over to what a container of one host runs.

    Returns the exit code of the command; it is 0 where the container runs on.
    """
    shell, tty = command(ATTACH, container), sys.stdin.isatty()
    return _hand_over(inventory, [host], [], shell, interactive=True, tty=tty)


def session(host: Host, shell: str, tty: bool) -> list[str]:
    """ssh's command line for shell code as root, with or without a terminal."""
    remote = f"sh -c {shlex.quote(rooted(shell, own_sudo=True, terminal=tty))}"
    # At this level ssh tells its errors and not that a connection was closed.
    options = ("-t" if tty else "-T", "-o", "LogLevel=ERROR")
    return ssh_command(host.name, host.data.dict(), *options, remote=remote)


def _hand_over(
    inventory: str,
    limit: Sequence[str],
    exclude: Sequence[str],
    shell: str,
    interactive: bool,
    tty: bool,
) -> int:
    try:
        host = _only_host(hosts_of(load(inventory, limit, exclude)))
        if tty and not sys.stdin.isatty():
            raise SettingsError(["-t needs a terminal, and standard input is none; leave it out"])
    except SettingsError as error:
        return wrong(error)
    code = subprocess.run(  # noqa: S603  every word is quoted in one of our own
        session(host, shell, tty), stdin=None if interactive else subprocess.DEVNULL
    ).returncode
    if code == LOST:
        click.echo(f"{host.name}: ssh could not log in, or the connection broke", err=True)
    elif code:
        click.echo(f"{host.name}: exit code {code}", err=True)
    return exits.FAILED if code else 0


def _only_host(hosts: Sequence[Host]) -> Host:
    if len(hosts) != 1:
        raise SettingsError(
            [f"input and terminal go to one host, and these are {len(hosts)}: name one (--limit)"]
        )
    if hosts[0].connector_cls.__name__ != "SSHConnector":
        raise SettingsError(
            [f"{hosts[0].name}: input and terminal work only on hosts reached over SSH"]
        )
    return hosts[0]
