"""Docker's command line on a host, as root, over the connection that pyinfra holds."""

from typing import Any

from pyinfra.api import Host, StringCommand
from pyinfra.connectors.util import make_unix_command_for_host

from rackwright.host.answer import announced, answer
from rackwright.host.error import HostError
from rackwright.host.rooted import reason, rooted
from rackwright.host.sudo import arguments, with_password

PATIENCE = 120  # seconds


def command_line(host: Host, shell: str) -> str:
    """What must be sent to the host, whatever its login shell is, to run this code as root."""
    command = StringCommand(rooted(shell, own_sudo=not with_password(host)))
    built = make_unix_command_for_host(host.state, host, command, **_sudo(host))
    return str(built.get_raw_value())


def run(host: Host, shell: str, timeout: int = PATIENCE) -> list[str]:
    """Run shell code as root on a host, and return the lines of its own standard output.

    Raises HostError with what it said when it fails.
    """
    command = rooted(announced(shell), own_sudo=not with_password(host))
    ok, output = host.run_shell_command(command, _timeout=timeout, **_sudo(host))
    if not ok:
        raise HostError(reason(output.stderr_lines or answer(output.stdout_lines)))
    return answer(output.stdout_lines)


def _sudo(host: Host) -> dict[str, Any]:
    return arguments(host, sudo=with_password(host))
