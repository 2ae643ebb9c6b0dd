"""Asking a host what Docker's repository offers to it; its apt works in a folder of its own."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from pyinfra.api import Host

from rackwright.host.script import command, encoded
from rackwright.host.sudo import arguments
from rackwright.laptop.openpgp import key_of
from rackwright.look.observed import Observed
from rackwright.packages.docker_sources import docker_repository
from rackwright.settings import Settings
from rackwright.steps.engine import wanted_packages
from rackwright.steps.repository import unusable
from rackwright.versions.offers import NotOfferedError, Offer, parse_offers

OFFERS: Final = Path(__file__).with_name("offers.sh")
PATIENCE: Final = 300  # seconds for apt to read the repository


def ask(host: Host, settings: Settings, observed: Observed) -> list[Offer]:
    """All versions of the wanted packages, from one remote command that changes nothing.

    Raises NotOfferedError when the host's apt cannot read the repository, and KeyRefusedError.
    """
    docker = docker_repository(settings, observed)
    key = key_of(docker)
    words = [encoded(key), encoded(definition(settings, observed))]
    ok, output = host.run_shell_command(
        command(OFFERS, *words, *wanted_packages(settings)),
        _timeout=PATIENCE,
        **arguments(host, sudo=observed.through_sudo),
    )
    if not ok:
        said = f"apt says: {' / '.join(output.stderr_lines[-3:])}"
        raise NotOfferedError(unusable(docker, said))
    return parse_offers(output.stdout_lines)


def definition(settings: Settings, observed: Observed) -> str:
    """The repository for a host's release; the script on the host puts its key's path in."""
    return replace(docker_repository(settings, observed), keyring="@KEYRING@").text
