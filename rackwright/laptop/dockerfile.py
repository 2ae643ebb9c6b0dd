"""What a Dockerfile is built on, and which arguments it takes.

The grammar is that of Docker's Dockerfile reference ("FROM", "ARG", "Here-documents").
"""

import re
import shlex
from collections.abc import Iterator, Mapping

from rackwright.settings.references import reference

_FROM = re.compile(r"FROM\s+(?:--platform=\S+\s+)?(\S+)(?:\s+AS\s+(\S+))?\s*", re.IGNORECASE)
_ARG = re.compile(r"ARG\s+(.+)", re.IGNORECASE)
_ONE_ARG = re.compile(r"(\w+)(?:=(\"[^\"]*\"|'[^']*'|\S*))?")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})")
# BuildKit's parser takes a word of its own for one, and nothing within quotes.
_HEREDOC = re.compile(r"\d*<<-?([\"']?)([A-Za-z_]\w*)\1")


def bases(text: str, args: Mapping[str, str]) -> tuple[str, ...]:
    """The images that it starts from, as Docker shows their names; `args` are the build's.

    Left out is what is no name of an image: stages of its own, scratch, what is mistyped.
    """
    known: dict[str, str] = {}
    stages = {"scratch"}
    found: list[str] = []
    in_front = True  # of the first FROM, where the arguments for all of them stand
    for line in _instructions(text):
        given = _ARG.fullmatch(line) if in_front else None
        for name, default in _arguments(given[1]) if given else ():
            known[name] = args.get(name, _substituted(default, known))
        if base := _FROM.fullmatch(line):
            in_front = False
            image = _substituted(base[1].strip("\"'"), known)
            if image.lower() not in stages and (name := _reference(image)):
                found.append(name)
            stages.add((base[2] or "scratch").lower())
    return tuple(dict.fromkeys(found))


def arguments(text: str) -> frozenset[str]:
    """The names that it declares with ARG."""
    declared = (_ARG.fullmatch(line) for line in _instructions(text))
    return frozenset(name for each in declared if each for name, _ in _arguments(each[1]))


def _instructions(text: str) -> Iterator[str]:
    """Its instructions, a line each, without comments and the bodies of here-documents."""
    lines = iter(text.splitlines())
    for first in lines:
        line = first.strip()
        if not line or line.startswith("#"):
            continue
        while line.endswith("\\"):
            more = next(lines, "").strip()
            line = line[:-1] + ("\\" if more.startswith("#") else more)
        yield line
        if re.match(r"(RUN|COPY|ADD)\s", line, re.IGNORECASE):
            for end in _heredocs(line):
                while next(lines, end).strip() != end:
                    pass


def _heredocs(line: str) -> Iterator[str]:
    """The words that end an instruction's here-documents, in order."""
    try:
        words = shlex.split(line, posix=False)
    except ValueError:  # a quote that another line of the shell's script closes
        words = line.split()
    found = map(_HEREDOC.fullmatch, words)
    return (each[2] for each in found if each)


def _arguments(words: str) -> list[tuple[str, str]]:
    return [(found[1], (found[2] or "").strip("\"'")) for found in _ONE_ARG.finditer(words)]


def _substituted(text: str, known: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, sign, word = found[1] or found[2], found[3], found[4]
        there = known.get(name, "")
        if sign == "+":
            return word if there else ""
        return there or (word if sign == "-" else "")

    return _VARIABLE.sub(value, text)


def _reference(image: str) -> str:
    try:
        return reference(image)
    except ValueError:
        return ""
