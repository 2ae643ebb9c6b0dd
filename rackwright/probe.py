"""The one remote command of an observation: probe.sh, packed so that no login shell can bend it."""

import base64
import gzip
import shlex
from functools import cache
from pathlib import Path

from pyinfra.api import FactBase

from rackwright.distro import CONFLICTING_PACKAGES, KUBERNETES
from rackwright.observed import Observed, ProbeError, parse
from rackwright.settings import Settings
from rackwright.steps.engine import wanted_packages

TIMEOUT = 60  # seconds


class Probe(FactBase[Observed | ProbeError]):
    """One look at a host. A host that cannot be looked at gives a ProbeError, not a traceback."""

    def command(self, packages: str, repo_url: str, users: str, own_sudo: bool) -> str:
        """The command. `packages` and `users` are space-separated.

        With `own_sudo` the script becomes root by itself where the login is not, so that a
        missing right is an answer and not a failed command.
        """
        arguments = " ".join(map(shlex.quote, ["probe", packages, repo_url, *users.split()]))
        run = f'sh -c "$script" {arguments} 2>&1'
        if own_sudo:
            run = f'if [ "$(id -u)" = 0 ]; then {run}; else sudo -H -n {run}; fi; true'
        return f"script=$(echo {_packed_script()} | base64 -d | gzip -dc); {run}"

    def process(self, output: list[str]) -> Observed | ProbeError:
        """Parse what came back."""
        try:
            return parse(output)
        except ProbeError as error:
            return error


def arguments(settings: Settings) -> dict[str, str]:
    """What Probe must be told to look for on a host with these settings."""
    return {
        "packages": " ".join((*CONFLICTING_PACKAGES, KUBERNETES, *wanted_packages(settings))),
        "repo_url": settings.docker_repo_url,
        "users": " ".join(settings.docker_users),
    }


@cache
def _packed_script() -> str:
    # Only letters, digits, + / =: the same in every shell, and a third of the bytes on the wire.
    script = (Path(__file__).parent / "probe.sh").read_bytes()
    return base64.b64encode(gzip.compress(script, mtime=0)).decode()
