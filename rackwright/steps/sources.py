"""Where a host gets the distribution's packages: its own sources, or a mirror, and the way back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rackwright.change import Change
from rackwright.look.observed import Observed
from rackwright.look.sources_seen import digest
from rackwright.marks import APT_MIRROR
from rackwright.packages.apt_mirror import Archive, Mirrors, from_mirrors
from rackwright.packages.apt_sources import shown
from rackwright.packages.mirror_choice import archive_of, choose, memory_of, with_memory
from rackwright.settings import Settings


@dataclass(frozen=True)
class SourcesStep:
    """New texts of source files by path; `keeps` are those to keep for the way back first.

    `restored` come back as they were kept. `trial` holds what apt has to try out before, by file
    name; `memory` is the new text of the host's memory, None to forget all.
    """

    files: Mapping[str, str]
    keeps: tuple[str, ...]
    restored: tuple[str, ...]
    trial: Mapping[str, str]
    memory: str | None
    changes: tuple[Change, ...]


def sources_step(settings: Settings, observed: Observed) -> SourcesStep | None:
    """The source files to change, there or back; None when they are as they should be."""
    if settings.apt_mirror:
        return _there(settings, observed, settings.apt_mirror)
    return sources_back(observed)


def with_new_sources(observed: Observed, step: SourcesStep | None) -> Observed:
    """The host after the step, as far as other steps need it: apt has to read its lists anew."""
    if step is None:
        return observed
    known = {path: text for path, text in step.files.items() if path in observed.apt_sources}
    seen = replace(observed.sources, apt={**observed.sources.apt, **step.files})
    return replace(
        observed,
        apt_sources={**observed.apt_sources, **known},
        apt_lists_fresh=False,
        sources=seen,
    )


def _there(settings: Settings, observed: Observed, mirror: str) -> SourcesStep | None:
    choice = choose(settings, observed)
    mirrors = Mirrors(mirror, choice.security)
    found = archive_of(settings, observed)
    files = _changed(found, found.turned(mirrors))
    if not any(found.uris(path, text) for path, text in found.texts.items()):
        return None
    before = memory_of(observed)
    written = {**(before.written if before else {}), **{p: digest(t) for p, t in files.items()}}
    theirs = before.theirs if before and before.ours == mirrors.uris else _with(found, mirrors)
    theirs = tuple(path for path in theirs if path not in written)
    memory = choice.model_copy(update={"written": written, "theirs": theirs})
    if not files and memory == before:
        return None
    reason = "the settings name this mirror"
    return SourcesStep(
        files=files,
        keeps=tuple(path for path in files if _is_unkept(found, path)),
        restored=(),
        trial=from_mirrors(found, files, mirrors),
        memory=memory.model_dump_json(indent=2) + "\n",
        changes=tuple(_change(found, path, text, reason) for path, text in files.items())
        or (Change("sources", APT_MIRROR, "other", mirror, reason),),
    )


def sources_back(observed: Observed) -> SourcesStep | None:
    """The way back to the sources from before; None when there is nothing to take back."""
    memory = memory_of(observed)
    if memory is None:
        return None
    found = with_memory(observed)
    files = _changed(found, found.turned(Mirrors(None, None)))
    reason = "apt_mirror is not asked for any more"
    return SourcesStep(
        files=files,
        keeps=(),
        restored=tuple(path for path in files if path in found.unedited),
        trial={},
        memory=None,
        changes=tuple(_change(found, path, text, reason) for path, text in files.items())
        or (Change("sources", APT_MIRROR, "there", "removed", reason),),
    )


def _changed(found: Archive, texts: Mapping[str, str]) -> dict[str, str]:
    return {path: text for path, text in texts.items() if text != found.texts[path]}


def _with(found: Archive, mirrors: Mirrors) -> tuple[str, ...]:
    texts = found.texts.items()
    return tuple(p for p, text in texts if not mirrors.uris.isdisjoint(found.uris(p, text)))


def _is_unkept(found: Archive, path: str) -> bool:
    # A file without any mirror of ours is the admin's or the installer's, whatever was kept before.
    return path not in found.kept or found.ours.isdisjoint(found.uris(path, found.texts[path]))


def _change(found: Archive, path: str, text: str, reason: str) -> Change:
    before, after = (found.uris(path, each) for each in (found.texts[path], text))
    gone = [uri for uri in before if uri not in after]
    come = [uri for uri in after if uri not in before]
    return Change("sources", path, shown(gone), shown(come), reason)
