"""Things that go: shown, counted, and said to Docker."""

import shlex
from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from rackwright.fleetwide.choice import Removal

VERBS = {
    "container": ("docker", "rm"),
    "image": ("docker", "rmi"),
    "network": ("docker", "network", "rm"),
    "volume": ("docker", "volume", "rm"),
}


def what_goes(going: Mapping[str, Iterable[Removal]]) -> Table:
    """All that goes, a row for each thing."""
    shown = Table("host", "goes", "name", "note")
    for host, removals in going.items():
        for each in removals:
            shown.add_row(*map(Text, (host, each.kind, each.name, each.note)))
        shown.add_section()
    return shown


def summary(removals: Iterable[Removal]) -> str:
    """How many of each kind."""
    kinds = [each.kind for each in removals]
    return ", ".join(_count(kinds.count(kind), kind) for kind in dict.fromkeys(kinds))


def _count(count: int, kind: str) -> str:
    if kind == "build cache":
        return kind
    return f"{count} {kind}{'s' if count != 1 else ''}"


def removal_shell(removals: Iterable[Removal], flags: Mapping[str, Sequence[str]]) -> str:
    """Shell code that removes these things and nothing else, and tries all of them.

    Containers go first, since they hold the rest. The cache has no names: it goes as a whole.
    """
    words: dict[str, list[str]] = {}
    for each in removals:
        words.setdefault(each.kind, []).extend(each.words)
    lines = [
        shlex.join([*verb, *flags.get(kind, ()), "--", *words[kind]])
        for kind, verb in VERBS.items()
        if kind in words
    ]
    if "build cache" in words:
        lines.append(
            shlex.join(["docker", "builder", "prune", "--force", *flags.get("build cache", ())])
        )
    return "\n".join(["code=0", *(f"{line} || code=$?" for line in lines), "exit $code"])
