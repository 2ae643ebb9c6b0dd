"""Which registry mirrors a host uses: those of the settings that were found alive from there."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from rackwright.change import Change
from rackwright.look.mirrors import ProbedMirrors, judge
from rackwright.look.observed import Observed
from rackwright.marks import MIRRORS
from rackwright.settings import Settings


class Asked(BaseModel, frozen=True):
    """What a probing depends on: when any of it changes, the mirrors are probed anew."""

    mirrors: tuple[str, ...]
    insecure: tuple[str, ...]
    reference: str


class Memory(BaseModel, frozen=True):
    """What a host remembers of its last probing."""

    asked: Asked
    chosen: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class MirrorsStep:
    """The new text of the host's memory; None when there is nothing to remember any more."""

    content: str | None
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Mirrors:
    """`used` are the mirrors that daemon.json should hold, None to leave those of the admin."""

    used: tuple[str, ...] | None
    notes: tuple[str, ...] = ()
    step: MirrorsStep | None = None


def needs_probe(settings: Settings, observed: Observed, anew: bool = False) -> bool:
    """Whether the mirrors have to be tried out from the host before there can be a plan.

    With `anew`, what the host remembers of them is not enough.
    """
    if not (_probes(settings) and observed.http_client):
        return False
    anew = anew or settings.docker_mirror_probe == "always"
    return anew or _remembered(settings, observed) is None


def asked(settings: Settings) -> Asked:
    """What these settings want probed."""
    mirrors = settings.docker_registry_mirrors or ()
    registries = settings.docker_insecure_registries or ()
    return Asked(
        mirrors=mirrors,
        insecure=tuple(url for url in mirrors if _is_insecure(url, registries)),
        reference=settings.docker_mirror_reference,
    )


def choose(settings: Settings, observed: Observed, probed: ProbedMirrors | None) -> Mirrors:
    """The mirrors to use, from a fresh probing or from what the host remembers of the last one.

    With neither, they are used as given.
    """
    if not _probes(settings):
        return Mirrors(settings.docker_registry_mirrors, step=_forget(observed))
    before = _remembered(settings, observed)
    if probed is None and before is not None:
        return Mirrors(before.chosen, before.notes)
    if probed is None:
        return Mirrors(
            settings.docker_registry_mirrors,
            ("the mirrors are used as given: no curl or wget is there to try them out",),
        )
    verdict = judge(probed)
    chosen = verdict.chosen
    if before and set(before.chosen) == set(chosen):
        # Who is some milliseconds faster today is no reason to reload.
        return Mirrors(before.chosen, verdict.notes)
    after = Memory(asked=asked(settings), chosen=chosen, notes=verdict.notes)
    step = MirrorsStep(after.model_dump_json(indent=2) + "\n", (_change(observed, after),))
    return Mirrors(chosen, verdict.notes, step)


def _probes(settings: Settings) -> bool:
    return bool(settings.docker_registry_mirrors and settings.docker_mirror_probe)


def _remembered(settings: Settings, observed: Observed) -> Memory | None:
    memory = _memory(observed)
    return memory if memory and memory.asked == asked(settings) else None


def _memory(observed: Observed) -> Memory | None:
    try:
        return Memory.model_validate_json(observed.mirrors_json or "")
    except ValidationError:
        return None


def _forget(observed: Observed) -> MirrorsStep | None:
    if observed.mirrors_json is None:
        return None
    change = Change("mirrors", MIRRORS, "there", "removed", "no mirrors are probed any more")
    return MirrorsStep(None, (change,))


def _change(observed: Observed, after: Memory) -> Change:
    before = _memory(observed)
    return Change(
        "mirrors",
        "registry mirrors",
        _summary(before) if before else "never tried out from this host",
        _summary(after),
        "a dead mirror holds up every pull, and a stale one gives old images",
    )


def _summary(memory: Memory) -> str:
    return f"{len(memory.chosen)} of {len(memory.asked.mirrors)} in use"


def _is_insecure(url: str, registries: tuple[str, ...]) -> bool:
    # As dockerd does: by name with port, or by the network of an address.
    parts = urlsplit(url)
    if parts.netloc in registries:
        return True
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        return False
    return any(address in ip_network(name) for name in registries if "/" in name)
