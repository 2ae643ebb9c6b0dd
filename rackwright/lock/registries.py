"""The digests of a fleet's images, asked of their registries from this machine."""

from collections.abc import Iterable

from rackwright.laptop.passwords import PasswordError, password
from rackwright.laptop.registry import RegistryError, Repository, find
from rackwright.lock.images import tags_of
from rackwright.settings import Settings
from rackwright.settings.references import HELLO, registry


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
