"""jinja2 templates of this machine that become files for Docker."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import JsonValue


def rendered(path: Path, variables: Mapping[str, JsonValue]) -> str:
    """What a template says with these variables.

    Raises OSError, UnicodeDecodeError and TemplateError; a variable that is not given is one.
    """
    environment = Environment(  # noqa: S701  to escape it for HTML would change it
        loader=FileSystemLoader(path.parent), undefined=StrictUndefined, keep_trailing_newline=True
    )
    path.stat()  # jinja2 says of a file that is not there only its name
    return environment.get_template(path.name).render(variables)
