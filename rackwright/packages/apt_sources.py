"""apt's source files: what apt reads in them, and their text without some of it. Pure.

sources.list(5), "One-line-style format" and "deb822-style format"; where it leaves something open,
what apt 2.6 and 3.0 were seen to read (`apt-get update --print-uris`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from rackwright.hidden import without_logins

# One source, or one stanza of sources: the words of each field, by its name in small letters.
# The one-line form has types, uris, suites and components, and its options by their own names.
Definition = Mapping[str, Sequence[str]]
# Whether to take away what apt gets from a URI, with these components.
Goes = Callable[[str, Sequence[str]], bool]
# What becomes of one URI of a definition: itself, another, or several with a blank between.
Turns = Callable[[Definition, str], str]

_ONE_LINE = re.compile(r'\s*(deb(?:-src)?)\s+(?:\[([^\]]*)\]\s*)?"?([^\s"]+)"?\s+(\S+)\s*(.*)')


def reads(path: str) -> bool:
    """Whether apt reads a file of this name; it passes over those with other letters in them."""
    return re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", path.rpartition("/")[2]) is not None


def definitions(path: str, text: str) -> list[Definition]:
    """Every definition in the text of a source file, disabled stanzas too, comments not."""
    return [found for block in _blocks(path, text) if (found := _read(path, block)) is not None]


def without(path: str, text: str, goes: Goes) -> str:
    """The text without what `goes`; the rest and every comment line stay byte for byte."""
    return "".join(_left(path, block, goes) for block in _blocks(path, text))


def only(path: str, text: str, keeps: Callable[[Definition], bool]) -> str:
    """The text of the definitions that `keeps`, and nothing else but empty lines."""

    def stays(block: str) -> bool:
        definition = _read(path, block)
        return not block.strip("\r\n") if definition is None else keeps(definition)

    return "".join(filter(stays, _blocks(path, text)))


def with_uris(path: str, text: str, turns: Turns) -> str:
    """The text with every URI as it `turns`, each once in a definition; the rest byte for byte.

    Of a line, which has room for one, the first of several is taken.
    """
    return "".join(_turned(path, block, turns) for block in _blocks(path, text))


def shown(uris: Sequence[str]) -> str:
    """URIs for a plan or a log: each once, and no password."""
    return without_logins(", ".join(dict.fromkeys(uris)))


def _turned(path: str, block: str, turns: Turns) -> str:
    definition = _read(path, block)
    if definition is None:
        return block
    turned = {uri: turns(definition, uri) for uri in definition["uris"]}
    if all(uri == after for uri, after in turned.items()):
        return block
    line = None if _is_deb822(path) else _line(block)
    if line is None:
        return _stanza_with_uris(block, turned)
    return block[: line.start(3)] + turned[line[3]].split()[0] + block[line.end(3) :]


def _left(path: str, block: str, goes: Goes) -> str:
    definition = _read(path, block)
    if definition is None:
        return block
    uris = definition["uris"]
    going = {uri for uri in uris if goes(uri, definition.get("components", ()))}
    if not going:
        return block
    if not going.issuperset(uris):
        return _stanza_with_uris(block, dict.fromkeys(going, ""))
    return "".join(line for line in _lines(block) if line.startswith("#"))


def _blocks(path: str, text: str) -> list[str]:
    if not _is_deb822(path):
        return _lines(text)
    # Only an empty line ends a stanza: one with a blank in it continues the field above.
    groups = groupby(_lines(text), key=lambda line: line.strip("\r\n") == "")
    return ["".join(lines) for _, lines in groups]


def _lines(text: str) -> list[str]:
    # Not splitlines(): it also breaks at form feeds and others that mean nothing to apt.
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _is_deb822(path: str) -> bool:
    return path.endswith(".sources")


def _read(path: str, block: str) -> Definition | None:
    if _is_deb822(path):
        fields = _fields(block)
        return fields if fields.get("uris") else None
    match = _line(block)
    if match is None:
        return None
    kind, options, uri, suite, components = match.groups()
    pairs = (option.partition("=") for option in (options or "").split())
    return {
        **{name.lower(): value.split(",") for name, _, value in pairs},
        "types": [kind],
        "uris": [uri],
        "suites": [suite],
        "components": components.split(),
    }


def _line(block: str) -> re.Match[str] | None:
    # apt ends a line at the first #, wherever it stands.
    return _ONE_LINE.match(block.partition("#")[0])


def _fields(stanza: str) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    name = ""
    for line in _lines(stanza):
        if line.startswith("#"):
            continue
        if line[0] in " \t":
            fields.setdefault(name, []).extend(line.split())
            continue
        head, _, value = line.partition(":")
        name = head.strip().lower()
        fields[name] = value.split()  # of a field that stands there twice, apt takes the last
    return fields


def _stanza_with_uris(stanza: str, turned: Mapping[str, str]) -> str:
    kept = []
    name = ""
    seen: set[str] = set()
    for line in _lines(stanza):
        head, colon, value = "", "", line
        if line[0] not in "# \t":
            head, colon, value = line.partition(":")
            name = head.strip().lower()
            seen.clear()
        if name == "uris" and line[0] != "#":
            value = re.sub(r"([ \t]*)(\S+)", lambda match: _uri(match, turned, seen), value)
            if not (head or value.strip()):
                continue  # an empty line would end the stanza
        kept.append(head + colon + value)
    return "".join(kept)


def _uri(match: re.Match[str], turned: Mapping[str, str], seen: set[str]) -> str:
    blank, uri = match.groups()
    if uri not in turned:
        seen.add(uri)
        return match[0]
    after = [each for each in turned[uri].split() if each not in seen]
    seen.update(after)
    return blank + " ".join(after) if after else ""
