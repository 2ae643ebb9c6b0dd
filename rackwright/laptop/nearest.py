"""A hint for a name that was mistyped."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence, "; the nearest is NAME"; "" when none is near."""
    found = get_close_matches(name, list(known), n=1)
    return f"; the nearest is {found[0]}" if found else ""
