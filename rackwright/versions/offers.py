"""The versions that a repository offers, and which of them the settings mean. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rackwright.settings import Settings
from rackwright.steps.engine import ENGINE, version_fits, wanted_packages, wanted_version


class NotOfferedError(ValueError):
    """The repository has no version that the settings mean; the message lists what it has."""


@dataclass(frozen=True)
class Offer:
    """One version of one package in the repository's signed index."""

    package: str
    version: str
    sha256: str


def parse_offers(lines: Iterable[str]) -> list[Offer]:
    """Offers from apt-cache show, in its order: the newest of a package first.

    Stanzas without a hash are left out: they are no files of a repository.
    """
    offers: list[Offer] = []
    stanza: dict[str, str] = {}
    for line in (*lines, ""):
        key, _, value = line.strip().partition(": ")
        if key:
            stanza[key] = value
        elif {"Package", "Version", "SHA256"} <= stanza.keys():
            offers.append(Offer(stanza["Package"], stanza["Version"], stanza["SHA256"]))
            stanza = {}
    return offers


def choose(settings: Settings, offers: Sequence[Offer]) -> dict[str, Offer]:
    """The newest offer that fits, for every package that the settings want.

    What is built from one source with the engine has the engine's version. Raises NotOfferedError.
    """
    engine = newest(ENGINE, wanted_version(ENGINE, settings), offers)
    together = settings.model_copy(update={"docker_version": engine.version})
    others = [name for name in wanted_packages(settings) if name != ENGINE]
    return {
        ENGINE: engine,
        **{name: newest(name, wanted_version(name, together), offers) for name in others},
    }


def newest(package: str, wanted: str, offers: Iterable[Offer]) -> Offer:
    """The newest offer of a package that fits what is wanted. Raises NotOfferedError."""
    mine = [offer for offer in offers if offer.package == package]
    fitting = next((offer for offer in mine if version_fits(offer.version, wanted)), None)
    if fitting is None:
        versions = ", ".join(offer.version for offer in mine[:10]) or "none at all"
        raise NotOfferedError(f"the repository has no {package} {wanted}; on offer: {versions}")
    return fitting
