"""What builds need to know of a host, besides its images: the typed answer of builds.sh."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# Labels of the images that Rackwright built: what they were made of, which version of a URL that
# was, and, with the name of a base at the end, which image that was.
MADE_OF: Final = "rackwright.build"
SOURCE: Final = "rackwright.source"
BASE: Final = "rackwright.base."


@dataclass(frozen=True)
class BuildsSeen:
    """`tools` are the programs that Docker may need; `pushed` has what was pushed, name and ID.

    `sources` tell, by URL, what is there at this moment; "" where that is not known.
    """

    tools: frozenset[str] = frozenset()
    pushed: frozenset[tuple[str, str]] = frozenset()
    sources: Mapping[str, str] = field(default_factory=dict)


def parse_builds(values: Mapping[str, list[str]]) -> BuildsSeen | None:
    """What an answer of the probe has of it, by key; None where nobody asked."""
    if "build_asked" not in values:
        return None
    pushed = (line.partition(" ") for line in values.get("build_pushed", ()))
    sources = (line.partition(" ") for line in values.get("build_source", ()))
    return BuildsSeen(
        tools=frozenset(values.get("build_tool", ())),
        pushed=frozenset((name, image) for name, _, image in pushed),
        sources={url: now for url, _, now in sources},
    )
