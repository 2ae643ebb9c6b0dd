"""What pydantic finds wrong, in our words: a sentence "path: what to write" each."""

import difflib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final, get_args

from pydantic import BaseModel

# By the type of pydantic's error ("Validation Errors" in its documentation).
WORDS: Final = {
    "bool_parsing": "write True or False",
    "bool_type": "write True or False",
    "dict_type": "write a map: {...}",
    "int_from_float": "write a whole number",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "missing": "is missing",
    "model_type": "write a map: {...}",
    "string_type": "write a text, in quotes",
    "tuple_type": "write a list: [...]",
}
# As sure as this, a name that is none of ours is one that was mistyped.
SURE: Final = 0.9


def sentence(error: Any, model: type[BaseModel], versions: Sequence[str]) -> str:
    """One of a model's errors; of its `versions`, a number is told by how it is written."""
    path = ".".join(_printable(str(part)) for part in error["loc"] if part != "[key]")
    kind = error["type"]
    if kind == "extra_forbidden":
        *above, name = map(str, error["loc"])
        what = "key" if above else "setting"
        (nearest,) = difflib.get_close_matches(name, _keys(model, above), n=1, cutoff=0)
        return f"{path}: there is no such {what}; the nearest is {nearest}"
    what = WORDS.get(kind, error["msg"]).removeprefix("Value error, ")
    if kind == "value_error" and not path:
        return str(what)
    if path in versions and kind == "string_type":
        what = f'{error["input"]!r} is a number; write it in quotes: "{error["input"]}"'
    return f"{path}: {what.replace('Input should be', 'must be')}"


@cache
def mistyped(name: str, model: type[BaseModel]) -> str | None:
    """The setting that a name was surely meant to be; None for a name of the admin's own."""
    return next(iter(difflib.get_close_matches(name, model.model_fields, n=1, cutoff=SURE)), None)


def _keys(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    """The keys that there are where this path leads."""
    models = [model]
    for part in path:
        fields = [each.model_fields[part] for each in models if part in each.model_fields]
        # A part that is no field is a name or a number in a map or a list of models.
        models = [one for each in fields for one in _models(each.annotation)] or models
    return [name for each in models for name in each.model_fields]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models(each)


def _printable(part: str) -> str:
    return part if part.isprintable() else repr(part)[1:-1]
