"""How a login becomes root."""

from pyinfra.api import Host


def with_password(host: Host) -> bool:
    """Whether sudo needs a password, so that pyinfra's own way is the only one."""
    return bool(host.data.get("_sudo_password") or host.state.config.SUDO_PASSWORD)
