"""What no stock operation does: send only what the host lacks, and load an image from a file."""

import shlex
from collections.abc import Generator
from pathlib import Path

from pyinfra import host
from pyinfra.api import FactBase, FileUploadCommand, StringCommand, operation

from rackwright.bundle import LACKS
from rackwright.bundle.file import INDEX
from rackwright.bundle.index import lacking, parse_entries
from rackwright.host.script import command
from rackwright.marks import BUNDLE
from rackwright.steps.bundle import BundleImageStep, BundleStep

Commands = Generator[FileUploadCommand | StringCommand, None, None]


class Lacks(FactBase[list[str]]):
    """What lacks.sh prints."""

    default = list  # for a script that prints nothing, as in a dry run

    def command(self, packages: tuple[str, ...]) -> str:
        """`packages` as apt takes them."""
        return command(LACKS, BUNDLE, *packages)

    def process(self, output: list[str]) -> list[str]:
        """The lines, as they are."""
        return output


class HasImage(FactBase[bool]):
    """Whether an image is on the host."""

    def command(self, reference: str) -> str:
        """False, too, where there is no engine that answers."""
        return f"docker image inspect {shlex.quote(reference)} >/dev/null 2>&1 && echo yes; true"

    def process(self, output: list[str]) -> bool:
        """Anything but yes is no."""
        return [line.strip() for line in output] == ["yes"]


@operation()
def sent(step: BundleStep) -> Commands:
    """Send the package files that the host's apt asks for and that are not there, then check."""
    folder = Path(step.folder)
    entries = parse_entries((folder / INDEX).read_text().splitlines())
    said = host.get_fact(Lacks, packages=step.packages)
    missing = lacking(said, entries)
    if not missing:
        host.noop("every package file is there")
        return
    for entry in missing:
        yield FileUploadCommand(str(folder / entry.file), f"{BUNDLE}/{entry.file}")
    sums = "".join(f"{entry.sha256}  {BUNDLE}/{entry.file}\n" for entry in missing)
    yield StringCommand(f"printf %s {shlex.quote(sums)} | sha256sum --check --quiet")


@operation()
def loaded(step: BundleImageStep) -> Commands:
    """Load an image into the engine from a file of ours, unless it is there."""
    if host.get_fact(HasImage, reference=step.reference):
        host.noop(f"{step.reference} is there")
        return
    there = f"{BUNDLE}/{Path(step.file).name}"
    yield StringCommand(f"install -d -m 0755 {BUNDLE}")
    yield FileUploadCommand(step.file, there)
    yield StringCommand(f"docker load --input {shlex.quote(there)}")
