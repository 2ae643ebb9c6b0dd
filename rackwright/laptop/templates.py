"""jinja2 templates of this machine that become files for Docker."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from pydantic import JsonValue


def rendered(path: Path, variables: Mapping[str, JsonValue]) -> str:
    """What a template says with these variables.

    Raises OSError, UnicodeDecodeError, and TemplateError for all that goes wrong in it, such as a
    variable that is not given.
    """
    environment = Environment(  # noqa: S701  to escape it for HTML would change it
        loader=FileSystemLoader(path.parent), undefined=StrictUndefined, keep_trailing_newline=True
    )
    path.stat()  # jinja2 says of a file that is not there only its name
    template = environment.get_template(path.name)
    try:
        return template.render(variables)
    except TemplateError:
        raise
    except Exception as error:  # a template is a program
        raise TemplateError(f"{type(error).__name__}: {error}") from error
