"""Digests of images in a lock: which images have one, and what they do to settings. Pure."""

from collections.abc import Mapping

from rackwright.settings import Settings
from rackwright.settings.images import Image
from rackwright.settings.references import is_digest, repository


class LockedImage(Image, frozen=True):
    """An image whose tag means one digest, whatever it means upstream."""

    digest: str

    @property
    def pinned(self) -> str:
        """The image by its digest."""
        return pinned(self.name, self.digest)


def pinned(tag: str, digest: str) -> str:
    """What a tag means, by its digest: NAME@sha256:..."""
    return f"{repository(tag)}@{digest}"


def tags_of(settings: Settings) -> list[str]:
    """The tags of registries that a host's images and containers are made of."""
    images = [each for each in settings.docker_images if each.state == "present"]
    tags = [each.name for each in images if each.file is None]
    # What a name means that the settings themselves give is not a registry's to say.
    own = {name for each in settings.docker_images for name in each.names}
    for name, build in settings.docker_builds.items():
        own |= {name, *build.tags}
    tags += [
        each.image
        for each in settings.docker_containers.values()
        if each.image and each.state != "absent" and each.image not in own
    ]
    return [tag for tag in dict.fromkeys(tags) if not is_digest(tag)]


def with_locked_images(settings: Settings, digests: Mapping[str, str]) -> Settings:
    """The settings, with the images of a host as the lock has them: by digest.

    What the lock does not name stays as it is.
    """
    by_name = {each.name: each for each in settings.docker_images}
    for tag in tags_of(settings):
        if digest := digests.get(tag):
            image = by_name.get(tag, Image(name=tag))
            by_name[tag] = LockedImage(**dict(image), digest=digest)
    return settings.model_copy(update={"docker_images": tuple(by_name.values())})
