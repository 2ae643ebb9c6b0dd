"""The one remote command of an observation: probe.sh, packed so that no login shell can bend it."""

import shlex
from pathlib import Path
from typing import Any

from pyinfra.api import FactBase

from rackwright.distro import CONFLICTING_PACKAGES, DOCKER_PACKAGES, KUBERNETES
from rackwright.gpu import HOLDERS_SH
from rackwright.host.answer import MARK
from rackwright.host.script import command, encoded, unpacked
from rackwright.host_lock.holder import admin, marked
from rackwright.look.answer import parse
from rackwright.look.build_probe import builds_look
from rackwright.look.cache_seen import cache_look
from rackwright.look.image_probe import images_look
from rackwright.look.leftovers import Leftovers, parse_leftovers
from rackwright.look.observed import Observed, ProbeError
from rackwright.marks import HOST_LOCK
from rackwright.settings import Settings
from rackwright.steps.cache import PACKAGES
from rackwright.steps.engine import wanted_packages
from rackwright.steps.logins import config_key
from rackwright.steps.purge import paths_to_look_for

SCRIPT = Path(__file__).with_suffix(".sh")
WORKLOAD = SCRIPT.with_name("workload.sh")
HOST_LOCK_SH = SCRIPT.parents[1] / "host_lock" / "host_lock.sh"
GPU = SCRIPT.with_name("gpu.sh")
PURGE_SCRIPT = SCRIPT.with_name("purge.sh")
DEPENDENTS = SCRIPT.with_name("dependents.sh")
TIMEOUT = 60  # seconds


class Probe(FactBase[Observed | ProbeError]):
    """One look at a host. A host that cannot be looked at gives a ProbeError, not a traceback."""

    def command(
        self,
        packages: str,
        repo_url: str,
        registries: str,
        mirrored: str,
        users: str,
        more: str,
        own_sudo: bool,
    ) -> str:
        """The command. `packages`, `registries`, `mirrored` and `users` are space-separated.

        `more` is shell code that prints further lines of the answer.

        With `own_sudo` the script becomes root by itself where the login is not, so that a
        missing right is an answer and not a failed command.
        """
        words = [packages, repo_url, registries, mirrored, encoded(more), *users.split()]
        return look_command(SCRIPT, words, own_sudo)

    def process(self, output: list[str]) -> Observed | ProbeError:
        """Parse what came back."""
        try:
            return parse(output)
        except ProbeError as error:
            return error


class LeftoversProbe(FactBase[Leftovers | ProbeError]):
    """A second look at a host, for a purge; as Probe."""

    def command(self, users: str, data_root: str, own_sudo: bool) -> str:
        """The command. `users` are space-separated, `data_root` is that of daemon.json or empty."""
        more = encoded(command(DEPENDENTS, *DOCKER_PACKAGES))
        words = [" ".join(DOCKER_PACKAGES), users, data_root, more, *paths_to_look_for()]
        return look_command(PURGE_SCRIPT, words, own_sudo)

    def process(self, output: list[str]) -> Leftovers | ProbeError:
        """Parse what came back."""
        try:
            return parse_leftovers(output)
        except ProbeError as error:
            return error


def arguments(settings: Settings) -> dict[str, Any]:
    """What Probe must be told to look for on a host with these settings."""
    return {
        "packages": " ".join(
            (*CONFLICTING_PACKAGES, KUBERNETES, *wanted_packages(settings), *PACKAGES)
        ),
        "repo_url": settings.docker_repo_url,
        "registries": " ".join(map(config_key, settings.docker_registry_logins)),
        "mirrored": " ".join(_mirrored(settings)),
        "users": " ".join((*settings.docker_users, *settings.docker_rootless_users)),
        "more": "\n".join(_more(settings)),
    }


def _more(settings: Settings) -> list[str]:
    """The commands of the parts of the probe that these settings ask for."""
    looks = [
        command(DEPENDENTS, *CONFLICTING_PACKAGES),
        cache_look(settings),
        images_look(settings),
        builds_look(settings),
        command(WORKLOAD) if settings.docker_workload else "",
        f"[ ! -e {HOST_LOCK} ] || {{ {command(HOST_LOCK_SH, 'show', marked(admin()))}; }}",
        gpu_look(settings) if settings.gpu_asked else "",
    ]
    return [look for look in looks if look]


def gpu_look(settings: Settings) -> str:
    """Shell code that looks at the GPUs of a host."""
    urls = (settings.gpu_toolkit_repo_url, settings.gpu_repo_url)
    return command(GPU, *filter(None, urls), after=HOLDERS_SH)


def _mirrored(settings: Settings) -> list[str]:
    asked = {
        "apt": settings.apt_mirror or settings.cache,
        "pip": settings.pip_index_url or settings.pip_trusted_host,
    }
    return [what for what, mirror in asked.items() if mirror]


def look_command(script: Path, words: list[str], own_sudo: bool) -> str:
    """The command that looks at a host with a script of ours, which becomes root by itself."""
    quoted = " ".join(map(shlex.quote, ["probe", *words]))
    run = f'sh -c "$script" {quoted} 2>&1'
    if own_sudo:
        run = f'if [ "$(id -u)" = 0 ]; then {run}; else sudo -H -n {run}; fi; true'
    # What sudo has to say comes after the mark, and is no greeting of the login's.
    return f"{MARK}; {unpacked(script)}; {run}"
