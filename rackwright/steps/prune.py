"""What nobody needs any more: images without a use, and the cache of builds."""

from dataclasses import dataclass, replace

from rich.filesize import decimal

from rackwright.change import Change
from rackwright.look.images import CacheRecord, Image, Images
from rackwright.look.observed import Observed
from rackwright.settings import Settings
from rackwright.settings.images import Prune, seconds
from rackwright.settings.references import repository
from rackwright.steps.images import ImagesStep, images_after
from rackwright.steps.images_needed import images_needed


@dataclass(frozen=True)
class PruneStep:
    """The images that go, and whether the build cache does; `older_than` holds for the cache."""

    images: tuple[Image, ...]
    build_cache: bool
    older_than: str | None
    changes: tuple[Change, ...]


def prune_step(
    settings: Settings,
    observed: Observed,
    images: ImagesStep | None,
    gone: frozenset[str] = frozenset(),
) -> PruneStep | None:
    """What goes after the images step; None when there is nothing.

    The containers `gone` are by then not what they are now.

    Chosen here and not by `docker image prune`, which takes wanted images along: those that no
    container uses at the moment, and those that have a digest only.
    """
    there = observed.images
    wanted = settings.docker_prune
    if there is None or not settings.prunes:
        return None
    before = there.now - seconds(wanted.older_than) if wanted.older_than else there.now
    there = replace(there, containers=[each for each in there.containers if each.name not in gone])
    kept = images_needed(settings, observed)
    going = _images(wanted, kept, there, images_after(there, images), before)
    cache = _cache(there.cache, before) if wanted.build_cache else []
    changes = [_image_change(image) for image in going]
    if cache:
        size = decimal(sum(record.size for record in cache))
        parts = f"{len(cache)} part{'s' if len(cache) > 1 else ''}, {size}"
        changes.append(Change("prune", "build cache", parts, "removed", "no build uses it"))
    if not changes:
        return None
    return PruneStep(tuple(going), bool(cache), wanted.older_than, tuple(changes))


def freed(step: PruneStep) -> str:
    """How much space the images take, as a sentence."""
    size = decimal(sum(image.size for image in step.images))
    return f"docker_prune removes {size} of images; layers that others share with them stay"


def names_to_remove(image: Image) -> tuple[str, ...]:
    """What to call an image by, name after name, until Docker deletes it."""
    tagged = {repository(tag) for tag in image.tags}
    digests = [each for each in sorted(image.digests) if repository(each) not in tagged]
    return (*sorted(image.tags), *digests) or (image.id,)


def _images(
    wanted: Prune, kept: frozenset[str], there: Images, left: tuple[Image, ...], before: float
) -> list[Image]:
    used = {each.image for each in there.containers}
    built_upon = {image.parent for image in left}

    def goes(image: Image) -> bool:
        if image.id in used or image.names & kept or image.since > before:
            return False
        # Without a tag and with an image on top, it is a part of that.
        return wanted.unused if image.tags else image.id not in built_upon

    return [image for image in left if goes(image)] if wanted.dangling or wanted.unused else []


def _cache(records: tuple[CacheRecord, ...], before: float) -> list[CacheRecord]:
    """The records that go: BuildKit keeps what is in use or younger, and what these stand on."""
    by_id = {record.id: record for record in records}
    stays = [record for record in records if record.in_use or record.last_used > before]
    kept: set[str] = set()
    while stays:
        record = stays.pop()
        if record.id not in kept:
            kept.add(record.id)
            stays += [by_id[parent] for parent in record.parents if parent in by_id]
    return [record for record in records if record.id not in kept]


def _image_change(image: Image) -> Change:
    what = ", ".join(sorted(image.tags)) or f"image {image.short}"
    why = "no container uses it" if image.tags else "it is dangling, without a tag"
    return Change("prune", what, decimal(image.size), "removed", why)
