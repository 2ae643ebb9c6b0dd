"""What a look at a host has to say about images: image_probe.sh, as a part of the probe."""

from pathlib import Path

from rackwright.docker import API_SH
from rackwright.host.script import command
from rackwright.laptop.archives import ArchivedImage
from rackwright.settings import Settings
from rackwright.settings.references import registry
from rackwright.steps.builds import names_of
from rackwright.steps.images import refreshed
from rackwright.steps.logins import config_key

SCRIPT = Path(__file__).with_suffix(".sh")


def images_look(settings: Settings) -> str:
    """Shell code that looks at the images that these settings are about; "" when at none."""
    if not settings.docker_images and not settings.docker_builds and not settings.prunes:
        return ""
    absent = any(each.state == "absent" for each in settings.docker_images)
    names = [name for each in settings.docker_images for name in each.names]
    names += [
        name for name, build in settings.docker_builds.items() for name in names_of(name, build)
    ]
    # An image from a file may be there without its name.
    names += [
        each_id
        for each in settings.docker_images
        if isinstance(each, ArchivedImage)
        for each_id in sorted(each.ids)
    ]
    return command(
        SCRIPT,
        "all" if absent or settings.prunes else "named",
        "cache" if settings.docker_prune.build_cache else "",
        " ".join(f"{config_key(registry(tag))}#{tag}" for tag in refreshed(settings)),
        *names,
        after=API_SH,
    )
