"""One stand-in package, and the control file that says so. Pure."""

from dataclasses import dataclass, field

from lab.gpu.deb import build
from lab.tar import File


@dataclass(frozen=True)
class Package:
    """A package to make: what its control file says, files by path, maintainer scripts by name.

    `alone` is a name that only one installed package may have: it is provided, and conflicts.
    """

    name: str
    version: str
    depends: tuple[str, ...] = ()
    alone: str = ""
    conflicts: tuple[str, ...] = ()
    files: dict[str, File] = field(default_factory=dict)
    scripts: dict[str, str] = field(default_factory=dict)

    def control(self, architecture: str) -> str:
        """The control file."""
        rivals = ", ".join(filter(None, (self.alone, *self.conflicts)))
        fields = {
            "Package": self.name,
            "Version": self.version,
            "Architecture": architecture,
            "Maintainer": "Rackwright's practice hosts <lab@localhost>",
            "Depends": ", ".join(self.depends),
            "Provides": self.alone,
            "Conflicts": rivals,
            "Replaces": rivals,
            **{"Section": "non-free/libs", "Priority": "optional"},
            "Description": f"stand-in for {self.name}, for practice hosts without a GPU",
        }
        return "".join(f"{key}: {value}\n" for key, value in fields.items() if value)

    def file_name(self, architecture: str) -> str:
        """The file's name in a repository."""
        return f"{self.name}_{self.version}_{architecture}.deb"

    def deb(self, architecture: str) -> bytes:
        """The package itself."""
        return build(self.control(architecture), self.files, self.scripts)


def script(*lines: str) -> str:
    """A maintainer script of these lines, run when the package is configured or removed."""
    return "\n".join(("#!/bin/sh", "set -e", *lines, ""))


def program(text: str) -> File:
    """A file that can be run."""
    return File(text.encode(), 0o755)
