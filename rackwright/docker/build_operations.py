"""What no stock operation does: build an image on the host, of what is sent there or of a URL."""

import hashlib
from collections.abc import Generator, Iterator
from io import BytesIO
from pathlib import Path

from pyinfra.api import FileUploadCommand, StringCommand, operation

from rackwright.docker import BUILDS_SH
from rackwright.docker.container_commands import environment
from rackwright.docker.image_operations import sent
from rackwright.host.script import command
from rackwright.laptop.builds import ReadBuild
from rackwright.laptop.contexts import packed, read_folder, sha256_of
from rackwright.look.builds import MADE_OF
from rackwright.marks import BUILDS
from rackwright.settings.builds import kind_of
from rackwright.steps.builds import fingerprint, source_of

INPUT = f"{BUILDS}/input"  # a Dockerfile or a tar file, for Docker's standard input
FOLDER = f"{BUILDS}/folder.tar.gz"  # unpacked beside it
NOTHING = "/dev/null"


@operation(is_idempotent=False, idempotent_notice="The plan knows whether the host has the image.")
def built(image: str, build: ReadBuild) -> Generator[FileUploadCommand | StringCommand, None, None]:
    """Build an image. What was sent for it goes again; its secrets travel on standard input."""
    path, sha256 = NOTHING, ""
    if build.folder:
        file = packed(read_folder(Path(build.context or ""), build.dockerfile_there), build.text)
        path, sha256 = FOLDER, sha256_of(file)
        yield from sent(str(file), file.stat().st_size, path, f"build {image}")
    elif build.text is not None:
        text = build.text.encode()
        path, sha256 = INPUT, hashlib.sha256(text).hexdigest()
        yield from sent(BytesIO(text), len(text), path, f"build {image}")
    elif kind_of(build.context) == "local":
        file = Path(build.context or "")
        path, sha256 = INPUT, sha256_of(file)
        yield from sent(str(file), file.stat().st_size, path, f"build {image}")
    build_it = build_command(image, build, path, sha256)
    if build.secrets:
        yield StringCommand(build_it, _stdin=environment({}, build.secrets))
    else:  # what is written to a command that reads nothing may come when it has ended
        yield StringCommand(build_it)


def build_command(image: str, build: ReadBuild, path: str, sha256: str) -> str:
    """The command that builds an image from what was sent to a path, of that digest."""
    secrets = "stdin" if build.secrets else "none"
    words = (path, sha256, source_of(build), " ".join(build.bases), secrets)
    return command(BUILDS_SH, "build", image, *words, *_options(image, build), _context(build))


def _options(image: str, build: ReadBuild) -> Iterator[str]:
    for name in (image, *build.tags):
        yield f"--tag={name}"
    for variable, value in sorted(build.args.items()):
        yield f"--build-arg={variable}={value}"
    for key, value in sorted({**build.labels, MADE_OF: fingerprint(build)}.items()):
        yield f"--label={key}={value}"
    if build.target:
        yield f"--target={build.target}"
    if build.no_cache:
        yield "--no-cache"
    if build.folder:
        beside = build.text is not None
        yield f"--file={BUILDS}/{'Dockerfile' if beside else f'context/{build.dockerfile_there}'}"
    elif build.context and build.dockerfile:
        yield f"--file={build.dockerfile}"


def _context(build: ReadBuild) -> str:
    if build.folder:
        return f"{BUILDS}/context"
    return build.context or "-" if kind_of(build.context) in ("git", "url") else "-"
