"""How a login becomes root."""

from typing import Any

from pyinfra.api import Host


def with_password(host: Host) -> bool:
    """Whether sudo needs a password, so that pyinfra's own way is the only one."""
    return bool(_password(host))


def arguments(host: Host, *, sudo: bool) -> dict[str, Any]:
    """What host.run_shell_command, which does not read the host's data, has to know for that."""
    return {"_sudo": sudo, "_sudo_password": _password(host)} if sudo else {}


def _password(host: Host) -> Any:
    return host.data.get("_sudo_password") or host.state.config.SUDO_PASSWORD
