"""Compose files of this machine, read and rendered before any host is looked at."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import TemplateError

from rackwright.laptop.templates import rendered
from rackwright.settings import Settings, SettingsError
from rackwright.settings.compose import ComposeProject, RenderedProject


def with_compose_files(fleet: Mapping[str, Settings]) -> dict[str, Settings]:
    """The settings, with the content of every compose project in them.

    Raises SettingsError with a sentence for every file that cannot be read or rendered.
    """
    errors: list[str] = []
    read = {host: _with_files(host, settings, errors) for host, settings in fleet.items()}
    if errors:
        raise SettingsError(errors)
    return read


def _with_files(host: str, settings: Settings, errors: list[str]) -> Settings:
    projects = {}
    for name, project in settings.docker_compose.items():
        key = "template" if project.template else "file"
        try:
            content = _content(project, host)
        except (OSError, UnicodeDecodeError, TemplateError) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            path = getattr(project, key)
            errors.append(f"{host}: docker_compose.{name}.{key}: {path}: {said}")
            continue
        projects[name] = RenderedProject(**project.model_dump(), content=content)
    return settings.model_copy(update={"docker_compose": projects})


def _content(project: ComposeProject, host: str) -> str:
    if project.file:
        return Path(project.file).read_text(encoding="utf-8")
    if not project.template:
        return ""
    return rendered(Path(project.template), {"host": host, **project.vars})
