"""What a look at a host has to say for its builds: a part of the probe."""

from rackwright.docker import BUILDS_SH
from rackwright.host.script import command
from rackwright.settings import Settings
from rackwright.steps.builds import source_of


def builds_look(settings: Settings) -> str:
    """Shell code that looks at what these settings' builds need; "" when there are none."""
    if not settings.docker_builds:
        return ""
    asked = map(source_of, settings.docker_builds.values()) if settings.docker_build_refresh else ()
    return command(BUILDS_SH, "look", *dict.fromkeys(filter(None, asked)))
