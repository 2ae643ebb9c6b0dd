"""Digests of images in a lock: what they are asked for, and what they do to settings."""

from collections.abc import Iterable, Mapping

from rackwright.laptop.passwords import PasswordError, password
from rackwright.laptop.registry import HELLO, RegistryError, Repository, find
from rackwright.settings import Settings
from rackwright.settings.images import Image
from rackwright.settings.references import is_digest, registry, repository


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


def ask_registries(fleet: Iterable[Settings]) -> tuple[dict[str, str], list[str]]:
    """The digests of all tags of a fleet, as this machine hears them, by tag.

    And why it could not hear some, a sentence each.
    """
    hosts = list(fleet)
    asked = {HELLO: hosts}
    for settings in hosts:
        for tag in tags_of(settings):
            asked.setdefault(tag, []).append(settings)
    digests: dict[str, str] = {}
    notes: list[str] = []
    for tag, wanting in asked.items():
        try:
            digests[tag] = ask_registry(tag, wanting)[1]
        except RegistryError as error:
            notes.append(f"{error}; the lock is without its digest")
    return digests, notes


def ask_registry(image: str, wanting: Iterable[Settings]) -> tuple[Repository, str]:
    """Where an image can be had that these hosts want, and its digest. Raises RegistryError."""
    hosts = list(wanting)
    mirrors = dict.fromkeys(url for each in hosts for url in each.docker_registry_mirrors or ())
    insecure = {name for each in hosts for name in each.docker_insecure_registries or ()}
    logins = (each.docker_registry_logins.get(registry(image)) for each in hosts)
    login = next(filter(None, logins), None)
    try:
        known = (login.username, password(login.source).get_secret_value()) if login else None
    except PasswordError as error:
        raise RegistryError(f"{image} cannot be had from this machine ({error})") from None
    return find(image, mirrors, insecure, known)
