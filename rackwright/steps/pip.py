"""pip's package index in /etc/pip.conf: two keys are ours, the others the admin's."""

from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from rackwright.change import Change
from rackwright.look.observed import Observed
from rackwright.look.sources_seen import digest
from rackwright.packages.apt_sources import shown
from rackwright.packages.pip_conf import SECTION, lines_of, value_of, with_lines
from rackwright.settings import Settings

PIP_CONF = "/etc/pip.conf"


class Memory(BaseModel, frozen=True):
    """What a host remembers: which keys are ours, with their values; the SHA-256 of what we wrote.

    `existed` says whether there was a file before.
    """

    keys: dict[str, str]
    written: str
    existed: bool


@dataclass(frozen=True)
class PipStep:
    """The new text of pip.conf, None where the file goes; the host's memory after it, or None.

    `keeps` says that the file as it is has to be kept for the way back first, `restored` that it
    comes back as it was kept, `replaces` that there is one.
    """

    content: str | None
    keeps: bool
    restored: bool
    replaces: bool
    memory: str | None
    changes: tuple[Change, ...]


def pip_step(settings: Settings, observed: Observed) -> PipStep | None:
    """What to write, there or back; None when pip.conf is as it should be."""
    given = {"index-url": settings.pip_index_url, "trusted-host": settings.pip_trusted_host}
    wanted = {key: value for key, value in given.items() if value}
    if not wanted:
        return pip_back(observed)
    text, memory = observed.sources.pip_conf, _memory(observed)
    ours = memory.keys if memory else {}
    before = _before(observed)
    lines = {
        key: lines_of(before, key)
        for key, value in ours.items()
        if key not in wanted and value_of(text or "", key) == value
    }
    lines |= {
        key: f"{key} = {value}\n"
        for key, value in wanted.items()
        if value_of(text or "", key) != value
    }
    content = with_lines(text or "", lines)
    if content == (text or "") and ours == wanted:
        return None
    # A file in which nothing is ours is the admin's, whatever was kept before.
    fresh = not any(value_of(text or "", key) == value for key, value in ours.items())
    existed = text is not None if fresh or memory is None else memory.existed
    after = Memory(keys=wanted, written=digest(content), existed=existed)
    return PipStep(
        content=content,
        keeps=fresh and text is not None,
        restored=False,
        replaces=text is not None,
        memory=after.model_dump_json(indent=2) + "\n",
        changes=_changes(text or "", content, "the settings ask for it")
        or (Change("pip", PIP_CONF, "the admin's", "ours too", "the settings ask for it"),),
    )


def pip_back(observed: Observed) -> PipStep | None:
    """The way back to the pip.conf from before; None when there is nothing to take back."""
    text, memory = observed.sources.pip_conf, _memory(observed)
    if memory is None:
        return None
    before = _before(observed) if memory.existed else ""
    untouched = text is not None and digest(text) == memory.written
    ours = {
        key: lines_of(before, key)
        for key, value in memory.keys.items()
        if value_of(text or "", key) == value
    }
    content: str | None = before if untouched else with_lines(text or "", ours)
    if not memory.existed and (content or "").strip() in ("", f"[{SECTION}]"):
        content = None
    reason = "pip_index_url and pip_trusted_host are not asked for any more"
    return PipStep(
        content=content if text is not None else None,
        keeps=False,
        restored=untouched and memory.existed,
        replaces=text is not None,
        memory=None,
        changes=_changes(text or "", content or "", reason)
        or (Change("pip", PIP_CONF, "has keys of ours", "the admin's", reason),),
    )


def pip_notes(settings: Settings, observed: Observed) -> tuple[str, ...]:
    """What keeps pip from using the index, for the admin to know."""
    other = value_of(observed.sources.pip_conf or "", "index-url", section="install")
    if not settings.pip_index_url or not other:
        return ()
    return (f"{PIP_CONF} has an index-url in [install], which goes before pip_index_url",)


def _before(observed: Observed) -> str:
    return observed.sources.kept.get(PIP_CONF, "")


def _memory(observed: Observed) -> Memory | None:
    try:
        return Memory.model_validate_json(observed.sources.pip_memory or "")
    except ValidationError:
        return None


def _changes(before: str, after: str, reason: str) -> tuple[Change, ...]:
    pairs = {
        key: (value_of(before, key), value_of(after, key)) for key in ("index-url", "trusted-host")
    }
    return tuple(
        Change(
            "pip", f"{PIP_CONF}: {key}", shown([old or "absent"]), shown([new or "absent"]), reason
        )
        for key, (old, new) in pairs.items()
        if old != new
    )
