"""Which registry mirrors a host uses: those of the settings that were found alive from there."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from rackwright.change import Change
from rackwright.look.mirrors import ProbedMirrors, judge
from rackwright.look.observed import Observed
from rackwright.marks import MIRRORS
from rackwright.settings import Settings
from rackwright.settings.references import is_insecure
from rackwright.steps.daemon import DaemonJsonError, read


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
    if anew or settings.docker_mirror_probe == "always":
        return True
    before = _remembered(settings, observed)
    # A cache that did not answer the last time may be there again.
    return before is None or (settings.cache is not None and not _has_cache(settings, before))


def wanted(settings: Settings) -> tuple[str, ...] | None:
    """The mirrors that are asked for, the fleet's cache first; None for those of the admin."""
    given = settings.docker_registry_mirrors
    if settings.cache is None:
        return given
    first = settings.cache.registry
    return (first, *(url for url in given or () if url != first))


def asked(settings: Settings) -> Asked:
    """What these settings want probed."""
    mirrors = wanted(settings) or ()
    registries = settings.docker_insecure_registries or ()
    return Asked(
        mirrors=mirrors,
        insecure=tuple(url for url in mirrors if is_insecure(urlsplit(url).netloc, registries)),
        reference=settings.docker_mirror_reference,
    )


def choose(settings: Settings, observed: Observed, probed: ProbedMirrors | None) -> Mirrors:
    """The mirrors to use, from a fresh probing or from what the host remembers of the last one.

    With neither, they are used as given.
    """
    if not _probes(settings):
        return Mirrors(wanted(settings), step=_forget(observed))
    before = _remembered(settings, observed)
    if probed is None and before is not None:
        return Mirrors(before.chosen, before.notes)
    if probed is None:
        return Mirrors(
            wanted(settings),
            ("the mirrors are used as given: no curl or wget is there to try them out",),
        )
    cache = settings.cache
    verdict = judge(probed, cache.registry if cache else None, bool(cache and cache.coming))
    chosen = verdict.chosen
    if before and set(before.chosen) == set(chosen):
        # Who is some milliseconds faster today is no reason to reload.
        return Mirrors(before.chosen, verdict.notes)
    after = Memory(asked=asked(settings), chosen=chosen, notes=verdict.notes)
    step = MirrorsStep(after.model_dump_json(indent=2) + "\n", (_change(observed, after),))
    return Mirrors(chosen, verdict.notes, step)


def mirror_refusals(settings: Settings, observed: Observed) -> list[str]:
    """Why the cache cannot be put before the host's mirrors, a sentence; [] when it can."""
    if settings.cache is None or settings.docker_registry_mirrors is not None:
        return []
    try:
        mirrors = read(observed.daemon_json).get("registry-mirrors")
    except DaemonJsonError:  # refused for that in its own place
        return []
    if not mirrors or mirrors == observed.owned_keys.get("registry-mirrors"):
        return []
    return [
        "cache_host would take the place of the admin's own registry-mirrors in daemon.json; name "
        "those to keep in docker_registry_mirrors ([] for none): they come after the cache"
    ]


def _has_cache(settings: Settings, memory: Memory) -> bool:
    return settings.cache is not None and settings.cache.registry in memory.chosen


def _probes(settings: Settings) -> bool:
    return bool(wanted(settings) and settings.docker_mirror_probe)


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
