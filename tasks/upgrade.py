"""pyinfra INVENTORY tasks.upgrade.upgrade: newer packages, or those of another version."""

from rackwright.laptop.command_line import as_typed
from tasks.converge import converge


def upgrade(version: str | float | None = None, allow_downgrade: bool | None = None) -> None:
    """Bring the host of this moment to the newest packages, or to those of `version`.

    `allow_downgrade=true` says that the engine may be an older one. Raises DeployError when
    settings are wrong; a host that must not be touched is failed.
    """
    wanted: dict[str, object] = {"docker_upgrade": True}
    if version is not None:
        wanted["docker_version"] = as_typed("version", version)
    if allow_downgrade is not None:
        wanted["docker_allow_downgrade"] = allow_downgrade
    converge(**wanted)
