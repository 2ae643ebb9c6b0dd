"""What builds are made of on this machine, read before any host is looked at."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from jinja2 import TemplateError

from rackwright.laptop.contexts import (
    ContextError,
    dockerfile_in_tar,
    read_folder,
    sha256_of,
)
from rackwright.laptop.dockerfile import arguments, bases
from rackwright.laptop.templates import rendered
from rackwright.settings import Settings, SettingsError
from rackwright.settings.builds import Build, kind_of

DOCKERFILE = "Dockerfile"
# What a Dockerfile may ask for with ARG; pip takes its two from the environment by itself.
_MIRRORS = {
    "APT_MIRROR": "apt_mirror",
    "APT_SECURITY_MIRROR": "apt_security_mirror",
    "PIP_INDEX_URL": "pip_index_url",
    "PIP_TRUSTED_HOST": "pip_trusted_host",
}


class ReadBuild(Build, frozen=True):
    """A build with what it is made of.

    `content` is a hash of the context and of the Dockerfile, `bases` are the images that it starts
    from, as far as they are known here. `text` is the Dockerfile that is sent on its own.
    """

    content: str
    bases: tuple[str, ...] = ()
    text: str | None = None

    @property
    def folder(self) -> bool:
        """Whether its context is a folder of this machine."""
        return kind_of(self.context) == "local" and Path(self.context or "").is_dir()

    @property
    def dockerfile_there(self) -> str:
        """The path of its Dockerfile in the context."""
        return self.dockerfile or DOCKERFILE


def with_builds(fleet: Mapping[str, Settings]) -> dict[str, Settings]:
    """The settings of all hosts, with what their builds are made of.

    Raises SettingsError with a sentence for every build that cannot be made.
    """
    errors: list[str] = []
    read = {host: _with_builds(host, settings, errors) for host, settings in fleet.items()}
    if errors:
        raise SettingsError(errors)
    return read


def _with_builds(host: str, settings: Settings, errors: list[str]) -> Settings:
    builds: dict[str, Build] = {}
    for name, build in settings.docker_builds.items():
        path = f"{host}: docker_builds.{name}"
        try:
            builds[name] = found = _read(build, host, settings)
        except (ContextError, OSError, UnicodeDecodeError, TemplateError) as error:
            errors.append(f"{path}: {_said(error)}")
            continue
        later = set(settings.docker_builds) - set(builds)
        if first := [base for base in found.bases if base in later]:
            errors.append(f"{path}: it is built on {first[0]}; put that before it")
    return settings.model_copy(update={"docker_builds": builds})


def _read(build: Build, host: str, settings: Settings) -> ReadBuild:
    text, content = _text(build, host), [build.context or ""]
    dockerfile = text  # None is one that is not seen here
    if kind_of(build.context) == "local":
        found, seen = _local(Path(build.context or ""), build)
        dockerfile, content = text if build.template else seen, [found]
    mirrors = {
        name: value
        for name, setting in _MIRRORS.items()
        if (value := getattr(settings, setting))
        # What a Dockerfile does not ask for makes no difference.
        and (dockerfile is None or name in arguments(dockerfile))
    }
    args = {**mirrors, **build.args}
    return ReadBuild(
        **{**dict(build), "args": args},
        content=hashlib.sha256("\0".join((*content, text or "")).encode()).hexdigest(),
        bases=() if dockerfile is None else bases(dockerfile, args),
        text=text,
    )


def _text(build: Build, host: str) -> str | None:
    """The Dockerfile that comes from this machine on its own, if there is one."""
    if build.template:
        return rendered(Path(build.template), {"host": host, **build.vars})
    if build.dockerfile and not build.context:
        return Path(build.dockerfile).read_text(encoding="utf-8")
    return None


def _local(context: Path, build: Build) -> tuple[str, str]:
    """A hash of a context, and the Dockerfile in it ("" where the template is the one)."""
    dockerfile = build.dockerfile or DOCKERFILE
    if context.is_dir():
        found = read_folder(context, dockerfile).sha256
        if build.template:
            return found, ""
        return found, (context / dockerfile).read_text(encoding="utf-8")
    if build.template:
        raise ContextError(f"{context} is no folder, and only that gets a template's Dockerfile")
    if not context.exists():
        raise ContextError(f"{context}: there is no such folder or tar file on this machine")
    return sha256_of(context), dockerfile_in_tar(context, dockerfile)


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return str(error)
