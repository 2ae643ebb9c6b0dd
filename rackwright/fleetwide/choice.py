"""What is to go from a host: pure functions of what it has and what was asked for."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rackwright.fleetwide.sizes import human
from rackwright.fleetwide.survey import Container, Image, Survey

ID = re.compile(r"(sha256:)?([0-9a-f]{4,64})")


@dataclass(frozen=True)
class Removal:
    """One thing that goes: what to call it, what becomes of it, and its words for Docker."""

    kind: str
    name: str
    note: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """What goes from one host, why it must not, and what is not there to go."""

    removals: tuple[Removal, ...] = ()
    refusals: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unneeded:
    """What `rackwright prune` was asked for; `older_than` is in seconds."""

    containers: bool = False
    images: bool = False
    unused_images: bool = False
    networks: bool = False
    volumes: bool = False
    named_volumes: bool = False
    build_cache: bool = False
    older_than: int = field(default=0)


def containers(survey: Survey, names: Sequence[str], force: bool) -> Choice:
    """These containers go, by name or by the first digits of their ID; one that runs by force."""
    found = {name: container for name in names if (container := _container(survey, name))}
    unique = {each.id: each for each in found.values()}.values()
    refusals = (
        f"{each.name} is {each.status}; stop it first (rackwright stop), or add --force"
        for each in unique
        if each.runs and not force
    )
    return Choice(
        tuple(_gone(each) for each in unique),
        tuple(refusals),
        tuple(name for name in names if name not in found),
    )


def images(survey: Survey, names: Sequence[str], force: bool) -> Choice:
    """These names of images go, and images with their last name.

    An ID stands for all names of its image. An image that a container uses goes by force.
    """
    going: dict[str, list[str]] = {}
    for name in names:
        if image := survey.images.get(survey.named.get(name, "")):
            going.setdefault(image.id, []).extend(_meant(image, name))
    removals, refusals = [], []
    for identity, references in going.items():
        image = survey.images[identity]
        left = [each for each in image.references if each not in references]
        users = [each.name for each in survey.containers if each.image == identity]
        if users and not left and not force:
            refusals.append(
                f"{_called(image)} is used by the containers {', '.join(users)}; remove those "
                "first (rackwright rm), or add --force"
            )
        note = f"untagged; stays as {', '.join(left)}" if left else f"deleted, {human(image.size)}"
        words = tuple(dict.fromkeys(references)) or (identity,)
        removals.append(Removal("image", _called(image, references), note, words))
    missing = tuple(name for name in names if name not in survey.named)
    return Choice(tuple(removals), tuple(refusals), missing)


def unneeded(survey: Survey, asked: Unneeded) -> Choice:
    """What nothing uses goes, as far as it was asked for."""
    old = asked.older_than
    stopped = [each for each in survey.containers if not each.runs and each.age >= old]
    stopped = stopped if asked.containers else []
    used = {each.image for each in survey.containers if each not in stopped}
    free = survey.top - used if asked.unused_images else frozenset[str]()
    free |= (survey.dangling if asked.images else frozenset()) - used
    removals = [_gone(each) for each in stopped]
    removals += [
        Removal("image", _called(each), human(each.size), each.references or (each.id,))
        for each in sorted(survey.images.values(), key=_called)
        if each.id in free and each.age >= old
    ]
    removals += [
        Removal("network", each.name, "unused", (each.name,))
        for each in survey.networks
        if asked.networks and each.age >= old
    ]
    removals += [
        Removal("volume", each.name, "unused, with all data in it", (each.name,))
        for each in survey.volumes
        if _volume_goes(each.name, asked) and each.age >= old
    ]
    if asked.build_cache and survey.cache.partition(" ")[0] not in ("", "0B"):
        removals.append(Removal("build cache", "", f"up to {survey.cache}", ()))
    return Choice(tuple(removals))


def _container(survey: Survey, name: str) -> Container | None:
    by_name = [each for each in survey.containers if each.name == name]
    by_id = [each for each in survey.containers if each.id.startswith(name)]
    found = by_name or (by_id if len(by_id) == 1 and ID.fullmatch(name) else [])
    return found[0] if found else None


def _gone(container: Container) -> Removal:
    return Removal("container", container.name, container.status, (container.id,))


def _meant(image: Image, name: str) -> Iterable[str]:
    """The references of its image that a name given by the user stands for: all, if it is an ID."""
    short = name.removeprefix("docker.io/").removeprefix("library/")
    tag = short if ":" in short.rpartition("/")[2] else f"{short}:latest"
    found = [each for each in image.references if each in (short, tag)]
    digits = ID.fullmatch(name)
    by_id = digits and image.id.removeprefix("sha256:").startswith(digits[2])
    if not found and (by_id or len(image.references) == 1):
        return image.references
    return found or [name]


def _called(image: Image, references: Iterable[str] = ()) -> str:
    return ", ".join(references or image.references) or image.id.removeprefix("sha256:")[:12]


def _volume_goes(name: str, asked: Unneeded) -> bool:
    # Docker names a volume that nobody named by 64 hexadecimal digits.
    anonymous = re.fullmatch(r"[0-9a-f]{64}", name)
    return asked.volumes if anonymous else asked.named_volumes
