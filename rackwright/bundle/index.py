"""An apt repository in one folder: entries of signed indexes, and the index made of them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Entry:
    """A package file as a signed index describes it; `text` is the whole entry."""

    package: str
    version: str
    architecture: str
    sha256: str
    file: str
    text: str

    @property
    def downloaded(self) -> str:
        """The file's name as `apt-get download` gives it."""
        return f"{self.package}_{self.version.replace(':', '%3a')}_{self.architecture}.deb"


def parse_entries(lines: Iterable[str]) -> list[Entry]:
    """The entries in the output of apt-cache show, each version of a package once."""
    found: dict[tuple[str, str], Entry] = {}
    for text in "\n".join(lines).split("\n\n"):
        pairs = (line.partition(": ") for line in text.strip().splitlines() if line[:1] != " ")
        fields = {key: value for key, _, value in pairs}
        if {"Package", "Version", "Architecture", "SHA256", "Filename"} <= fields.keys():
            entry = Entry(
                fields["Package"],
                fields["Version"],
                fields["Architecture"],
                fields["SHA256"],
                PurePosixPath(fields["Filename"]).name,
                text.strip(),
            )
            found.setdefault((entry.package, entry.version), entry)
    return list(found.values())


def index_text(entries: Iterable[Entry]) -> str:
    """A Packages file for entries whose files lie beside it, in a stable order."""
    listed = sorted(entries, key=lambda entry: (entry.package, entry.version))
    return "".join(f"{_beside(entry)}\n\n" for entry in listed)


def _beside(entry: Entry) -> str:
    return "\n".join(
        f"Filename: ./{entry.file}" if line.startswith("Filename: ") else line
        for line in entry.text.splitlines()
    )


def lacking(lines: Iterable[str], entries: Iterable[Entry]) -> list[Entry]:
    """The entries whose files have to be sent, from what lacks.sh printed."""
    installs: set[tuple[str, str]] = set()
    there: set[str] = set()
    for line in lines:
        if line.startswith("Inst "):
            # Inst NAME [OLD] (NEW SOURCE [ARCHITECTURE])
            name = line.split()[1].partition(":")[0]
            installs.add((name, line.partition("(")[2].split()[0]))
        else:
            there.add(line.partition(" ")[0])
    return [
        entry
        for entry in entries
        if (entry.package, entry.version) in installs and entry.sha256 not in there
    ]
