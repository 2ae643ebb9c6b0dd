"""Images: which of the wanted ones are missing, and which names go."""

from dataclasses import dataclass, replace

from rich.filesize import decimal

from rackwright.change import Change
from rackwright.laptop.archives import ArchivedImage
from rackwright.lock.images import LockedImage
from rackwright.look.images import Image, Images
from rackwright.look.observed import Observed
from rackwright.settings import Settings
from rackwright.settings.images import Image as Wanted
from rackwright.settings.references import is_digest, repository


@dataclass(frozen=True)
class ImagesStep:
    """What to pull, to load from files, to tag (as pairs of a name and another) and to take off.

    `pins` are pairs of an image by its digest, which is pulled where it is not there, and of the
    tag that means it from then on. `surely_new` are the names that mean another image afterwards.
    """

    pulls: tuple[str, ...] = ()
    pins: tuple[tuple[str, str], ...] = ()
    loads: tuple[ArchivedImage, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    removals: tuple[Wanted, ...] = ()
    surely_new: frozenset[str] = frozenset()
    changes: tuple[Change, ...] = ()


def refreshed(settings: Settings) -> list[str]:
    """The tags whose registries are asked what they mean at this moment."""
    if not settings.docker_image_refresh:
        return []
    return [
        each.name
        for each in settings.docker_images
        if each.state == "present"
        and each.file is None
        and not is_digest(each.name)
        and not isinstance(each, LockedImage)
    ]


def images_step(settings: Settings, observed: Observed) -> ImagesStep | None:
    """What makes the host's images those of `docker_images`; None when they are."""
    there = observed.images or Images(now=0)
    absent = _absent(settings)
    steps = [
        _removed(each, there, set(absent)) if each.name in absent else _present(each, there)
        for each in settings.docker_images
    ]
    step = together(*steps)
    return step if step.changes else None


def together(*steps: ImagesStep) -> ImagesStep:
    """All of these as one."""
    return ImagesStep(
        pulls=tuple(name for each in steps for name in each.pulls),
        pins=tuple(dict.fromkeys(pair for each in steps for pair in each.pins)),
        loads=tuple(image for each in steps for image in each.loads),
        tags=tuple(pair for each in steps for pair in each.tags),
        removals=tuple(image for each in steps for image in each.removals),
        surely_new=frozenset(name for each in steps for name in each.surely_new),
        changes=tuple(change for each in steps for change in each.changes),
    )


def still_used(settings: Settings, observed: Observed) -> list[str]:
    """Names that must not be taken off their images, a sentence each with the containers.

    As Docker has it, that is so for the last name of an image that containers use.
    """
    there = observed.images or Images(now=0)
    absent = _absent(settings)
    reasons = []
    for name, force in absent.items():
        image = there.named(name)
        if image is None or force or image.without(absent).names:
            continue
        users = [each for each in there.containers if each.image == image.id]
        if users:
            names = ", ".join(
                f"{each.name}{'' if each.running else ' (stopped)'}" for each in users
            )
            reasons.append(
                f"docker_images: {name} is to go, and containers use it: {names}; remove them "
                "first, or add force = True to take the name off all the same"
            )
    return reasons


def images_after(there: Images, step: ImagesStep | None) -> tuple[Image, ...]:
    """The images of a host, without new ones, after a step."""
    if step is None:
        return tuple(there.found)
    moved = {tag: there.named(name) for name, tag in step.tags if name not in step.surely_new}
    moving = step.surely_new | {tag for _, tag in step.tags}
    removed = {each.name for each in step.removals}
    left = []
    for image in there.found:
        new = replace(image, tags=image.tags - moving).without(removed)
        tags = {tag for tag, to in moved.items() if to and to.id == image.id}
        new = replace(new, tags=new.tags | tags)
        if new.names or not image.names or not _goes(image, there, step):
            left.append(new)
    return tuple(left)


def renewed(there: Images, step: ImagesStep) -> frozenset[str]:
    """The names that mean an image now, and surely another one after a step."""
    return frozenset(name for name in step.surely_new if there.named(name))


def _goes(image: Image, there: Images, step: ImagesStep) -> bool:
    """Whether Docker deletes an image that loses its last name, as it does when that is removed."""
    removed = any(each.name in image.names for each in step.removals)
    used = any(each.image == image.id for each in there.containers)
    return removed and not used and image.id not in {each.parent for each in there.found}


def _absent(settings: Settings) -> dict[str, bool]:
    """The names that are to go, and whether by force."""
    return {each.name: each.force for each in settings.docker_images if each.state == "absent"}


def _removed(wanted: Wanted, there: Images, absent: set[str]) -> ImagesStep:
    image = there.named(wanted.name)
    if image is None:
        return ImagesStep()
    last = not image.without(absent).names
    users = [each.name for each in there.containers if each.image == image.id]
    after = "untagged, the image stays" if users or not last else "removed"
    reason = "docker_images says absent"
    if last and users:
        reason += f", with force: {', '.join(users)} keep using it without a name"
    before = f"there ({image.short}, {decimal(image.size)})"
    return ImagesStep(
        removals=(wanted,), changes=(Change("images", wanted.name, before, after, reason),)
    )


def _present(wanted: Wanted, there: Images) -> ImagesStep:
    image = there.named(wanted.name)
    if isinstance(wanted, ArchivedImage):
        step, image = _from_file(wanted, image, there)
    elif isinstance(wanted, LockedImage):
        step = _from_lock(wanted, image)
    else:
        step = _from_registry(wanted, image, there)
    # Not yet known is what a new image will be.
    known = None if step.pulls or step.pins else image
    tags = [tag for tag in wanted.tags if known is None or there.named(tag) != known]
    return replace(
        step,
        tags=(*step.tags, *((wanted.name, tag) for tag in tags)),
        changes=(*step.changes, *(tag_change("images", wanted.name, tag, there) for tag in tags)),
    )


def _from_registry(wanted: Wanted, image: Image | None, there: Images) -> ImagesStep:
    name = wanted.name
    new = frozenset({name})
    if image is None:
        change = Change("images", name, "absent", "pulled", "docker_images names it")
        return ImagesStep(pulls=(name,), surely_new=new, changes=(change,))
    if silence := there.silent.get(name):
        reason = f"docker_image_refresh is on, and its registry does not say if it moved: {silence}"
        change = Change("images", name, image.short, "pulled again", reason)
        return ImagesStep(pulls=(name,), changes=(change,))
    digest = there.upstream.get(name)
    if digest is None or f"{repository(name)}@{digest}" in image.digests:
        return ImagesStep()
    before = _called(image, name)
    reason = "it moved upstream, and docker_image_refresh is on"
    change = Change("images", name, before, _digest(digest), reason)
    return ImagesStep(pulls=(name,), surely_new=new, changes=(change,))


def _from_lock(wanted: LockedImage, image: Image | None) -> ImagesStep:
    if image and wanted.pinned in image.digests:
        return ImagesStep()
    before = _called(image, wanted.name) if image else "absent"
    reason = "the lock file has this digest for it"
    return ImagesStep(
        pins=((wanted.pinned, wanted.name),),
        surely_new=frozenset({wanted.name}),
        changes=(Change("images", wanted.name, before, _digest(wanted.digest), reason),),
    )


def _from_file(
    wanted: ArchivedImage, image: Image | None, there: Images
) -> tuple[ImagesStep, Image | None]:
    """The step, and the image that the name means afterwards; None when it is a new one."""
    if image and image.id in wanted.ids:
        return ImagesStep(), image
    before = f"another image ({image.short})" if image else "absent"
    if nameless := next((each for each in there.found if each.id in wanted.ids), None):
        reason = f"it is the image in {wanted.file}, which is there"
        change = Change("images", wanted.name, before, f"tag of {nameless.short}", reason)
        return ImagesStep(tags=((nameless.id, wanted.name),), changes=(change,)), nameless
    after = f"loaded from {wanted.file} ({decimal(wanted.size)})"
    change = Change("images", wanted.name, before, after, "docker_images names it")
    new = frozenset({wanted.name})
    return ImagesStep(loads=(wanted,), surely_new=new, changes=(change,)), None


def tag_change(task: str, name: str, tag: str, there: Images) -> Change:
    """The change by which an image gets another name."""
    image = there.named(tag)
    before = f"another image ({image.short})" if image else "absent"
    return Change(task, tag, before, f"tag of {name}", f"docker_{task} names it")


def _called(image: Image, name: str) -> str:
    """An image as its registry calls it, else its ID."""
    return next((_digest(each) for each in sorted(image.digests) if _of(each, name)), image.short)


def _of(digest: str, name: str) -> bool:
    return repository(digest) == repository(name)


def _digest(text: str) -> str:
    return text.rpartition("@")[2][:19]
