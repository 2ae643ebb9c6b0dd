"""Images in files on this machine, as `docker save` writes them."""

import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rackwright.laptop.registry import digest_of
from rackwright.settings import Settings, SettingsError
from rackwright.settings.images import Image
from rackwright.settings.references import reference


class ArchiveError(ValueError):
    """A file that cannot be used; the message says why, and what to do."""


class ArchivedImage(Image, frozen=True):
    """An image from a file, with the IDs that it has once it is loaded, and the file's size.

    The ID is the digest of its configuration; in containerd's image store that of its manifest.
    """

    ids: frozenset[str]
    size: int


@dataclass(frozen=True)
class Archive:
    """What a file holds: one image, under some names or none."""

    ids: frozenset[str]
    tags: frozenset[str]


def with_archives(fleet: Mapping[str, Settings]) -> dict[str, Settings]:
    """The settings of all hosts, with what the files in `docker_images` hold.

    Raises SettingsError with a sentence for every file of every host that cannot be used.
    """
    errors: list[str] = []
    read: dict[str, Settings] = {}
    for host, settings in fleet.items():
        images: list[Image] = []
        for index, image in enumerate(settings.docker_images):
            try:
                images.append(with_archive(image))
            except ArchiveError as error:
                errors.append(f"{host}: docker_images.{index}.file: {error}")
        read[host] = settings.model_copy(update={"docker_images": tuple(images)})
    if errors:
        raise SettingsError(errors)
    return read


def with_archive(image: Image) -> Image:
    """An image with what its file holds, where it has one. Raises ArchiveError."""
    if image.file is None:
        return image
    path = Path(image.file)
    archive = read_archive(path)
    if archive.tags and image.name not in archive.tags:
        held = ", ".join(sorted(archive.tags))
        raise ArchiveError(f"{path} holds {held}, and not {image.name}; give it the name in there")
    return ArchivedImage(**dict(image), ids=archive.ids, size=path.stat().st_size)


@cache
def read_archive(path: Path) -> Archive:
    """What the file holds. Compressed ones too, as docker load takes them. Raises ArchiveError."""
    try:
        with tarfile.open(path) as tar:
            (entry, *others) = json.loads(_member(tar, "manifest.json"))
            if others:
                raise ArchiveError(f"{path} holds {1 + len(others)} images; save one in a file")
            config = _member(tar, entry["Config"])
            manifests = json.loads(_member(tar, "index.json", b"{}")).get("manifests", ())
            tags = frozenset(reference(tag) for tag in entry["RepoTags"] or ())
    except ArchiveError:
        raise
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror or error}") from None
    except (tarfile.TarError, EOFError, KeyError, TypeError, ValueError) as error:
        why = str(error).partition("\n")[0]
        raise ArchiveError(
            f"{path} is not what `docker save` writes ({why}); save the image again"
        ) from None
    return Archive(frozenset({digest_of(config), *(each["digest"] for each in manifests)}), tags)


def _member(tar: tarfile.TarFile, name: str, without: bytes | None = None) -> bytes:
    try:
        found = tar.extractfile(name)
    except KeyError:
        if without is not None:
            return without
        raise
    return found.read() if found else b""
