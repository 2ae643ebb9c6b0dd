"""Images that a host builds by itself: from what, and with what. Secrets stand in no setting."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    JsonValue,
    model_validator,
)

from rackwright.hidden import secretive
from rackwright.settings.containers import Secret
from rackwright.settings.docker_values import Label, Line, matching
from rackwright.settings.images import ImageSettings
from rackwright.settings.references import Tag, tag
from rackwright.settings.section import FORBID
from rackwright.settings.values import VariableName, local_path

Kind = Literal["git", "url", "local", "none"]
# docker/cli, "Build context": what is cloned, and not downloaded.
_GIT: Final = re.compile(r"git://[^#]+|https?://[^#]+\.git(/?)(#.*)?", re.IGNORECASE)
# Only what RFC 3986 calls unreserved, and # for a branch and a folder of a git repository.
_URL: Final = re.compile(r"(https?|git)://[A-Za-z0-9][A-Za-z0-9:/._~%-]*(#[A-Za-z0-9._/:-]*)?")
_INSIDE: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9._@+][A-Za-z0-9._/@+-]*")


def kind_of(context: str | None) -> Kind:
    """What a context is: a repository to clone, a tar file to download, or something here."""
    if context is None:
        return "none"
    if _GIT.fullmatch(context):
        return "git"
    return "url" if "://" in context else "local"


def _context(value: str) -> str:
    if "://" not in value:
        return _here(value)
    if "@" in value:
        raise ValueError("a URL here has no user and no password: it would stand in command lines")
    if not _URL.fullmatch(value):
        raise ValueError(
            "write a URL with http://, https:// or git:// in front, of letters, digits and "
            ": / . _ ~ - %, and for git #BRANCH or #BRANCH:FOLDER at its end"
        )
    if "#" in value and kind_of(value) != "git":
        raise ValueError("only a URL of git has a #; one with http or https ends with .git")
    return value


def _here(value: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", value) or value.startswith("-"):
        raise ValueError("write a path of one line, without a - in front")
    return local_path(value)


def _every_name_once(value: Any) -> Any:
    found: dict[str, str] = {}
    for name in value if isinstance(value, dict) else ():
        try:
            full = tag(name)
        except (TypeError, ValueError):
            continue  # pydantic says what is wrong with it
        if full in found:
            raise ValueError(f"{found[full]} and {name} are the same image")
        found[full] = name
    return value


class Build(BaseModel):
    """One image. `context` is a folder or a tar file on this machine, or a URL.

    With a context, `dockerfile` is a path in it; without one, a path on this machine.
    """

    model_config = FORBID

    context: Annotated[str, AfterValidator(_context)] | None = None
    dockerfile: Annotated[str, AfterValidator(_here)] | None = None
    template: Annotated[str, AfterValidator(_here)] | None = None
    vars: dict[str, JsonValue] = {}
    args: dict[VariableName, Line] = {}
    secrets: dict[VariableName, Secret] = {}
    target: Annotated[str, matching(r"[A-Za-z0-9][\w.-]*", "write the name of a stage")] | None = (
        None
    )
    tags: tuple[Tag, ...] = ()
    labels: dict[Label, Line] = {}
    no_cache: bool = False
    push: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.template and self.dockerfile:
            raise ValueError("name either dockerfile or template")
        if not (self.context or self.dockerfile or self.template):
            raise ValueError("name a context, a dockerfile or a template")
        if self.context and self.dockerfile and not _INSIDE.fullmatch(self.dockerfile):
            raise ValueError(
                "dockerfile: with a context it is a path in there, of letters, digits and . _ - @ +"
            )
        if self.template and kind_of(self.context) not in ("local", "none"):
            raise ValueError("template: a context from a URL brings a Dockerfile of its own")
        if self.vars and not self.template:
            raise ValueError("vars: only a template has variables; use args for a Dockerfile")
        for name, value in self.args.items():
            if secretive(name):
                raise ValueError(
                    f"args.{name}: what it is called is a secret, and an argument stays readable "
                    "in the image; write it into secrets, and RUN --mount=type=secret,"
                    f"id={name} in the Dockerfile"
                )
            if re.search(r"://[^/\s]*:[^/\s]*@", value):
                raise ValueError(f"args.{name}: there is a password in the URL; use secrets")
        return self


class BuildSettings(ImageSettings):
    """The images that a host has, and those that it builds."""

    docker_builds: Annotated[dict[Tag, Build], BeforeValidator(_every_name_once)] = Field(
        {},
        description="Images that a host builds, by name: `context` (a folder or a tar file on "
        "your machine, a URL of git or of a tar file), `dockerfile` (in the context; without one, "
        "a file of your machine) or `template` with `vars`, `args`, `secrets`, `target`, `tags`, "
        "`labels`, `no_cache`, `push`.",
    )
    docker_build_refresh: bool = Field(
        False,
        description="Whether a run asks the URLs of `docker_builds` if there is something else by "
        "now, and builds anew then.",
    )

    @model_validator(mode="after")
    def _every_image_comes_from_one_place(self) -> Self:
        built = Counter(
            chain.from_iterable({name, *build.tags} for name, build in self.docker_builds.items())
        )
        for name, count in built.items():
            if count > 1:
                raise ValueError(f"docker_builds: {name} stands there twice")
        for image in self.docker_images:
            if both := [name for name in image.names if name in built]:
                raise ValueError(f"docker_builds: {both[0]} stands in docker_images too")
        return self

    def without_questions(self) -> Self:
        """As ImageSettings; no URL is asked either."""
        return super().without_questions().model_copy(update={"docker_build_refresh": False})

    def without_images(self) -> Self:
        """As ImageSettings; nothing is built either."""
        return super().without_images().model_copy(update={"docker_builds": {}})

    @property
    def build_secrets(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Every secret of a build: its path in the settings, and where it comes from."""
        for name, build in self.docker_builds.items():
            for variable, secret in build.secrets.items():
                yield f"docker_builds.{name}.secrets.{variable}", secret.source
