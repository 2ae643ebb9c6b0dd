"""Which mirrors of the distribution's archive a host uses, and what it remembers of them. Pure."""

from pydantic import BaseModel, ValidationError

from rackwright.look.observed import Observed
from rackwright.look.sources_seen import Trial, digest
from rackwright.packages.apt_mirror import Archive, Mirrors, as_it_is, from_mirrors, wrong
from rackwright.packages.distro_sources import is_own, security_beside
from rackwright.settings import Settings


class Memory(BaseModel, frozen=True):
    """What a host remembers: what was asked for, what was chosen, the SHA-256 of what we wrote.

    `theirs` are files that had the mirror without us.
    """

    mirror: str
    security_asked: str | None = None
    security: str | None = None
    written: dict[str, str] = {}
    theirs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ours(self) -> frozenset[str]:
        """The mirrors that were put in."""
        return Mirrors(self.mirror, self.security).uris


def candidates(settings: Settings, observed: Observed) -> dict[str, dict[str, str]]:
    """What apt has to try out before there can be a plan: files by name, for each part of Trial.

    Empty when the host uses the mirror already, or none is wanted.
    """
    if not settings.apt_mirror:
        return {}
    memory = remembered(settings, observed)
    guess = settings.apt_security_mirror or security_beside(settings.apt_mirror, observed.distro)
    found = archive_of(settings, observed, guess)
    if memory and found.turned(Mirrors(memory.mirror, memory.security)) == found.texts:
        return {}
    texts = found.turned(Mirrors(settings.apt_mirror, guess))
    main, security = Mirrors(settings.apt_mirror, None), Mirrors(None, guess)
    parts = {
        "main": from_mirrors(found, texts, main),
        "security": from_mirrors(found, texts, security) if guess else {},
        "in-use": as_it_is(found),
    }
    return parts if parts["main"] or parts["security"] else {}


def source_refusals(settings: Settings, observed: Observed) -> tuple[str, ...]:
    """Why the wanted mirrors must not be put in; () when they may, or were not tried out."""
    trial = observed.sources.trial or Trial()
    tried = {"apt_mirror": trial.main}
    if settings.apt_security_mirror:
        tried["apt_security_mirror"] = trial.security
    return tuple(
        f"{name} {getattr(settings, name)}: {reason}; nothing was changed. Choose another mirror, "
        f"or take {name} out"
        for name, found in tried.items()
        if found and (reason := wrong(found, trial.in_use, settings.apt_mirror_max_lag))
    )


def source_notes(settings: Settings, observed: Observed) -> tuple[str, ...]:
    """What is left as it is, for the admin to know."""
    if not settings.apt_mirror:
        return ()
    found = archive_of(settings, observed)
    if not any(found.uris(path, text) for path, text in found.texts.items()):
        return (
            "apt_mirror takes no source's place: this host has none that is surely the "
            "distribution's own",
        )
    return choose(settings, observed).notes


def choose(settings: Settings, observed: Observed) -> Memory:
    """The mirrors to use, from a trial or from what the host remembers of the last one."""
    before = remembered(settings, observed)
    trial = observed.sources.trial
    mirror, asked = settings.apt_mirror or "", settings.apt_security_mirror
    if before and trial is None:
        return before
    guess = security_beside(mirror, observed.distro)
    notes = []
    if trial and not trial.in_use:
        notes.append(f"nothing was there to compare the age of {mirror} with")
    if not asked and not guess:
        notes.append("security updates come from where they did; apt_security_mirror is not set")
    security = asked
    if not asked and guess and trial and trial.security:
        reason = wrong(trial.security, trial.in_use, settings.apt_mirror_max_lag)
        security = None if reason else guess
        if reason:
            notes.append(f"security updates come from where they did: {guess}: {reason}")
    return Memory(mirror=mirror, security_asked=asked, security=security, notes=tuple(notes))


def remembered(settings: Settings, observed: Observed) -> Memory | None:
    """What the host remembers of the mirrors that these settings ask for."""
    memory = memory_of(observed)
    asked = (settings.apt_mirror, settings.apt_security_mirror)
    return memory if memory and (memory.mirror, memory.security_asked) == asked else None


def memory_of(observed: Observed) -> Memory | None:
    """What the host remembers; None when that is nothing, or cut short."""
    try:
        return Memory.model_validate_json(observed.sources.apt_memory or "")
    except ValidationError:
        return None


def archive_of(settings: Settings, observed: Observed, guess: str | None = None) -> Archive:
    """The host's archive, with all mirrors known that are or are to be in it."""
    wanted = Mirrors(settings.apt_mirror, settings.apt_security_mirror).uris
    return with_memory(observed, wanted | {guess or ""})


def with_memory(observed: Observed, besides: frozenset[str] = frozenset()) -> Archive:
    """The host's archive as the host remembers it; `besides` are mirrors that are to be put in."""
    memory = memory_of(observed) or Memory(mirror="")
    texts, kept = observed.sources.apt, observed.sources.kept
    ours = memory.ours
    return Archive(
        own=is_own(observed.distro, observed.codename, ours | besides),
        own_without_us=is_own(observed.distro, observed.codename, ()),
        ours=ours,
        theirs=memory.theirs,
        texts=texts,
        kept={path: text for path, text in kept.items() if path.startswith("/etc/apt/")},
        unedited=[
            path
            for path, written in memory.written.items()
            if path in kept and path in texts and digest(texts[path]) == written
        ],
    )
