"""Which images a host has, and which of the others go."""

import re
from collections import Counter
from itertools import chain
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    model_validator,
)

from rackwright.settings.references import Reference, Tag, is_digest
from rackwright.settings.section import FORBID, Section
from rackwright.settings.values import local_path

_DURATION: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def seconds(duration: str) -> int:
    """The length of a duration of Go's, in whole units, as Docker's filters take it.

    Raises ValueError when it is none (time.ParseDuration).
    """
    found = _DURATION.fullmatch(duration)
    if not found or not duration:
        raise ValueError('write hours, minutes and seconds, such as "240h" or "1h30m"')
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return (hours * 60 + minutes) * 60 + rest


def _duration(value: str) -> str:
    seconds(value)
    return value


Duration = Annotated[str, AfterValidator(_duration)]


class Image(BaseModel):
    """An image that a host has, or has not."""

    model_config = FORBID

    name: Reference
    tags: tuple[Tag, ...] = ()
    state: Literal["present", "absent"] = "present"
    force: bool = False
    file: Annotated[str, AfterValidator(local_path)] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        absent = self.state == "absent"
        if absent and (self.tags or self.file):
            raise ValueError("tags and file are for images that are there, state is absent")
        if self.force and not absent:
            raise ValueError('force is for images that go; add state = "absent" or take it out')
        if self.file and is_digest(self.name):
            raise ValueError("an image from a file has a tag and no digest; write NAME:TAG")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that the image has, its own first."""
        return (self.name, *self.tags)


class Prune(BaseModel):
    """What nobody needs any more."""

    model_config = FORBID

    dangling: bool = False
    unused: bool = False
    older_than: Duration | None = None
    build_cache: bool = False


def _entry(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class ImageSettings(Section):
    """The images of a host."""

    docker_images: tuple[Annotated[Image, BeforeValidator(_entry)], ...] = Field(
        (),
        description="Images that a host has: `NAME:TAG`, or a map with `name` "
        "(`HOST:PORT/PATH:TAG` and `NAME@sha256:...` too), more `tags`, `file` (what "
        '`docker save` wrote on your machine), `state` (`"absent"` takes the name off; `force` '
        "does so where containers use the image).",
    )
    docker_image_refresh: bool = Field(
        False,
        description="Whether a run asks the registries if a tag of `docker_images` means another "
        "image by now, and pulls that.",
    )
    docker_prune: Prune = Field(
        Prune(),
        description="What goes when nobody needs it: `dangling` images, all `unused` ones (but "
        "those that these settings need), unused `build_cache`; `older_than` spares what is "
        'younger (`"240h"`).',
    )

    @model_validator(mode="after")
    def _every_name_means_one_image(self) -> Self:
        names = Counter(chain.from_iterable(set(each.names) for each in self.docker_images))
        for name, count in names.items():
            if count > 1:
                raise ValueError(f"docker_images: {name} stands there twice")
        return self

    def without_questions(self) -> Self:
        """These settings, asking no registry and pruning nothing: what a second look holds to.

        Others go on using the host: what they leave meanwhile is no failure.
        """
        return self.model_copy(update={"docker_image_refresh": False, "docker_prune": Prune()})

    def without_images(self) -> Self:
        """These settings, for a look at the daemon alone."""
        return self.without_questions().model_copy(update={"docker_images": ()})

    @property
    def prunes(self) -> bool:
        """Whether anything is to go by itself."""
        return self.docker_prune != Prune(older_than=self.docker_prune.older_than)
