"""Settings for two runs that meet on a host."""

from pydantic import Field

from rackwright.settings.section import Section


class HostLockSettings(Section):
    """What to do where another run is changing the host."""

    docker_lock_wait: int = Field(
        0,
        ge=0,
        description="Seconds to wait while another run changes the host; with 0 the host is failed "
        "at once.",
    )
    docker_lock_break: bool = Field(
        False,
        description="Take the host from the run that holds it, and end that run's connection. "
        "Not for an inventory: say it for one run, `--data docker_lock_break=true`.",
    )
