"""What .dockerignore keeps out of a context.

The rules are those of Docker's build reference (".dockerignore files") and of moby/patternmatcher.
Docker on the host reads the same file again: what is told here is only what need not be sent.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from posixpath import normpath


@dataclass(frozen=True)
class Pattern:
    """One line: what it matches, and whether that comes back in (`!`)."""

    matches: re.Pattern[str]
    back: bool
    # What stands in front of the first wildcard: where something may come back.
    stem: str


def patterns(text: str) -> tuple[Pattern, ...]:
    """The patterns of a file, in order. Raises ValueError for one that is none."""
    lines = text.removeprefix("\ufeff").splitlines()
    return tuple(
        _pattern(line.strip()) for line in lines if line.strip() and not line.startswith("#")
    )


def ignored(path: str, found: Iterable[Pattern]) -> bool:
    """Whether a path (relative, with /) stays out; the last pattern that fits it decides."""
    # A pattern fits everything below what it fits, too.
    above = list(accumulate(path.split("/"), lambda parent, name: f"{parent}/{name}"))
    out = False
    for pattern in found:
        if pattern.back == out and any(map(pattern.matches.fullmatch, above)):
            out = not pattern.back
    return out


def may_come_back(folder: str, found: Iterable[Pattern]) -> bool:
    """Whether something below an ignored folder may be in all the same."""
    return any(
        each.back and (each.stem.startswith(f"{folder}/") or f"{folder}/".startswith(each.stem))
        for each in found
    )


def _pattern(line: str) -> Pattern:
    back = line.startswith("!")
    text = normpath(line.removeprefix("!").strip() or ".").lstrip("/")
    try:
        expression = re.compile(_expression(text), re.DOTALL)
    except re.error:
        raise ValueError(f"{line!r} is no pattern") from None
    return Pattern(expression, back, re.split(r"[*?\[\\]", text)[0])


def _expression(text: str) -> str:
    """Go's filepath.Match, with ** for any number of folders, as an expression of Python's."""
    parts = re.findall(r"\*\*+/?|\*|\?|\\.|\[[^\]]+\]|.", text, re.DOTALL)
    if parts[0] == "**" and not any(part[0] in "*?[" for part in parts[1:]):
        # patternmatcher's suffixMatch: the end of any name will do.
        return ".*" + "".join(_part(part, last=False) for part in parts[1:])
    return "".join(_part(part, last=index == len(parts)) for index, part in enumerate(parts, 1))


def _part(part: str, *, last: bool) -> str:
    if part.startswith("**"):
        return ".*" if last else "(?:.*/)?"
    if part in ("*", "?"):
        return "[^/]*" if part == "*" else "[^/]"
    if part.startswith("[") and len(part) > 1:
        return part
    return re.escape(part.removeprefix("\\") or part)
