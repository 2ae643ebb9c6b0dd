"""What a list of images or containers is: the command that asks for it, and what is shown of it."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from rackwright.fleetwide.formats import Row
from rackwright.fleetwide.sizes import human, parse_size

# All of docker ps but Size, which {{json .}} asks for too: the daemon then goes through the files
# of every container.
FIELDS: Final = (
    *("ID", "Names", "Image", "Command", "CreatedAt", "RunningFor", "State", "Status", "Ports"),
    *("Labels", "LocalVolumes", "Mounts", "Networks"),
)


@dataclass(frozen=True)
class Listing:
    """What is asked of Docker, and what is shown of it: fields of Docker's JSON by column title."""

    noun: str
    command: tuple[str, ...]
    pattern: str
    columns: Mapping[str, str]
    row: str  # the template of a row in JSON

    @classmethod
    def images(cls, flags: Mapping[str, bool], filters: Iterable[str], pattern: str) -> Self:
        """`docker images` with these flags."""
        digest = {"digest": "Digest"} if flags["--digests"] else {}
        columns = {"repository": "Repository", "tag": "Tag", **digest, "image id": "ID"}
        columns |= {"created": "CreatedSince", "size": "Size"}
        return cls("image", _command("images", flags, filters), pattern, columns, "{{json .}}")

    @classmethod
    def containers(cls, flags: Mapping[str, bool], filters: Iterable[str]) -> Self:
        """`docker ps` with these flags."""
        columns = {"name": "Names", "container id": "ID", "image": "Image", "status": "Status"}
        columns |= {"ports": "Ports", **({"size": "Size"} if flags["--size"] else {})}
        fields = (*FIELDS, "Size") if flags["--size"] else FIELDS
        row = ",".join(f'"{field}":{{{{json .{field}}}}}' for field in fields)
        return cls("container", _command("ps", flags, filters), "", columns, f"{{{row}}}")

    def shell(self, template: str) -> str:
        """Shell code for a host that lists in this form."""
        words = ["docker", *self.command, f"--format={template}"]
        return shlex.join([*words, "--", self.pattern] if self.pattern else words)

    def summary(self, rows: Sequence[Row]) -> str:
        """How many there are, and their size where it is known; each ID counts once."""
        count = len({row["ID"] for row in rows})
        sized = {row["ID"]: parse_size(row.get("Size", "")) for row in rows}
        size = f", {human(sum(sized.values()))}" if "size" in self.columns else ""
        return f"{count} {self.noun}{'s' if count != 1 else ''}{size}"


def _command(name: str, flags: Mapping[str, bool], filters: Iterable[str]) -> tuple[str, ...]:
    given = [flag for flag, wanted in flags.items() if wanted]
    return (name, *given, *(f"--filter={each}" for each in filters))
