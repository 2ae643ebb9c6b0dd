"""The packages of one release for a bundle, fetched by the apt of one connected host."""

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from paramiko import SFTPError, SSHException
from pyinfra.api import Host

from rackwright.bundle import RESOLVE
from rackwright.bundle.file import INDEX, release_folder
from rackwright.bundle.folder import Making
from rackwright.bundle.index import Entry, index_text, parse_entries
from rackwright.host.error import HostError
from rackwright.host.remote import run
from rackwright.host.script import command, encoded
from rackwright.laptop.openpgp import fetch
from rackwright.lock.apply import release_key
from rackwright.lock.file import Packages
from rackwright.look.observed import Observed
from rackwright.packages.docker_sources import SOURCE, find, left_of
from rackwright.settings import Settings
from rackwright.versions.ask import PATIENCE, definition

# How resolve.sh names its folder, which is deleted as root.
FOLDER: Final = re.compile(r"root (/tmp/rackwright-bundle\.[A-Za-z0-9]{6})")


def collect(
    new: Making, host: Host, settings: Settings, observed: Observed, packages: Packages
) -> list[Entry]:
    """Put these packages and all that they depend on into a bundle; returns their entries.

    Raises HostError when the host cannot fetch one, or it is not what a signed index or the lock
    says.
    """
    folder = release_folder(release_key(observed))
    with resolved(host, settings, observed, packages) as (root, entries):
        for entry in entries:
            expected = packages.get(entry.package)
            if expected and expected.sha256 != entry.sha256:
                raise HostError(
                    f"{entry.package}={entry.version} is on offer with other bytes than the lock "
                    f"file names: its SHA-256 is {entry.sha256}, locked is {expected.sha256}"
                )
        for entry in entries:
            whole = new.add(
                f"{folder}/{entry.file}",
                entry.sha256,
                partial(_download, host, root, entry),
            )
            if not whole:
                raise HostError(f"{entry.file} did not arrive as its signed index says; try again")
    return entries


def write_index(new: Making, release: str, entries: list[Entry]) -> None:
    """The index by which a host's apt knows a release's packages."""
    new.write(f"{release_folder(release)}/{INDEX}", index_text(entries).encode())


@contextmanager
def resolved(
    host: Host, settings: Settings, observed: Observed, packages: Packages
) -> Iterator[tuple[str, list[Entry]]]:
    """A folder on the host from which apt can download, and the entries of the whole closure."""
    docker = find(observed.apt_sources, settings)
    left = {
        path: left_of(path, observed.apt_sources[path], settings)
        for path in docker
        if path != SOURCE
    }
    words = [f"{Path(path).name}:{encoded(text)}" for path, text in left.items() if text]
    key = fetch(
        f"{settings.docker_repo_url}/{observed.distro}/gpg", settings.docker_key_fingerprint
    )
    output = _run(
        host,
        command(
            RESOLVE,
            encoded(key),
            encoded(definition(settings, observed)),
            " ".join((SOURCE, *docker)),
            " ".join(words),
            *(f"{name}={each.version}" for name, each in packages.items()),
        ),
    )
    root = folder_of(output)
    try:
        yield root, parse_entries(output[1:])
    finally:
        _run(host, f"rm -rf -- {shlex.quote(root)}")


def folder_of(output: Sequence[str]) -> str:
    """The folder that resolve.sh says it made. Raises HostError when it says anything else."""
    said = output[0] if output else "nothing"
    if not (found := FOLDER.fullmatch(said)):
        raise HostError(f"it was asked for a folder of packages, and said: {said[:300]}")
    return found[1]


def _download(host: Host, root: str, entry: Entry, path: Path) -> None:
    wanted = shlex.quote(f"{entry.package}:{entry.architecture}={entry.version}")
    if entry.architecture == "all":
        wanted = shlex.quote(f"{entry.package}={entry.version}")
    _run(
        host,
        f"cd {shlex.quote(root)}/debs && APT_CONFIG={shlex.quote(root)}/apt.conf "
        f"apt-get download -q {wanted}",
    )
    try:
        arrived = host.get_file(f"{root}/debs/{entry.downloaded}", str(path))
    except (SFTPError, SSHException, EOFError, OSError) as error:
        said = f"over SFTP: {error}; a login that prints something may be why"
        raise HostError(f"{host.name}: {entry.downloaded} could not be fetched {said}") from None
    if not arrived:
        raise HostError(f"{host.name}: {entry.downloaded} could not be fetched over SFTP")


def _run(host: Host, words: str) -> list[str]:
    try:
        return run(host, words, PATIENCE)
    except HostError as error:
        raise HostError(f"{host.name}: its apt cannot fetch the packages: {error}") from None
