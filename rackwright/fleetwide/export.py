"""export: a container's files on this machine, whole or not at all."""

import shlex
from pathlib import Path

import click
from pyinfra.api import Host

from rackwright import exits
from rackwright.fleetwide.hosts import fleet, wrong
from rackwright.fleetwide.sizes import human
from rackwright.fleetwide.whole import whole
from rackwright.host.error import HostError
from rackwright.host.rooted import reason
from rackwright.host.stream import stream
from rackwright.report.outcome import Outcome
from rackwright.settings import SettingsError


def export_container(inventory: str, name: str, container: str, file: Path, force: bool) -> int:
    """Save the files of a container of one host; returns the exit code of `rackwright export`.

    An existing file is replaced only with `force`, and only when the new one is complete.
    """
    if file.exists() and not force:
        click.echo(f"{file} is there already, and stays as it is; --force replaces it", err=True)
        return exits.REFUSED
    try:
        with fleet(inventory, [name], [], one=True) as hosts:
            for host, size in hosts.ask(lambda host: _export(host, container, file)).items():
                hosts.over(host, Outcome.DONE, f"{container} -> {file}, {human(size)}")
            return hosts.finish()
    except SettingsError as error:
        return wrong(error)


def _export(host: Host, container: str, file: Path) -> int:
    said = bytearray()
    shell = shlex.join(["docker", "export", "--", container])
    try:
        with whole(file) as new:
            if stream(host, shell, new.write, said.extend):
                raise HostError(reason(said.decode(errors="replace").splitlines()))
        return file.stat().st_size
    except OSError as error:
        raise HostError(f"{file} cannot be written on this machine: {error.strerror}") from None
