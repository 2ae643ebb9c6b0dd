"""How long a host may take, under the rackwright command."""

from pydantic import Field

from rackwright.settings.section import Section


class PaceSettings(Section):
    """Deadlines of one host."""

    host_timeout: int = Field(
        3600,
        ge=1,
        description="Seconds that a host may take for all of a `rackwright` command; then it is "
        "failed.",
    )
    host_command_timeout: int = Field(
        1800,
        ge=1,
        description="Seconds that one remote command may take under `rackwright`, besides waiting "
        "for apt.",
    )
    host_silence: int = Field(
        60,
        ge=4,
        description="Seconds without any sign of life after which `rackwright` gives a host up.",
    )
