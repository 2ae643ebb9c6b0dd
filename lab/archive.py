"""A simulated archive of Ubuntu: signed suites with one package, as of now and as of long ago.

Debian's own archive can be reached, so its mirror in the lab is a real one (files/nginx.conf).
"""

import re
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from lab.paths import CACHE, digest, locked
from lab.shell import run, stage
from lab.signing import new_key, sign

SUITES = ("noble", "noble-updates", "noble-security")
# By how much the old one is behind.
AGES = {"current": timedelta(), "old": timedelta(days=90)}
CONTROL = """\
Package: rackwright-lab
Version: 1
Architecture: all
Maintainer: Rackwright's practice hosts <lab@localhost>
Description: nothing, from the simulated archive
"""


def source() -> Path:
    """The folder that nginx serves: {current,old}/ubuntu, and keyring.asc."""
    folder = CACHE / "archive" / digest(Path(__file__).read_bytes())
    with locked(f"archive-{folder.name}"):
        if folder.exists():
            return folder
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch, stage("archive simulated"):
            make(unfinished, Path(scratch))
        unfinished.rename(folder)
    return folder


def make(root: Path, scratch: Path) -> None:
    """Make the package, and every suite of both ages."""
    _, public = new_key(scratch / "gpg", "Simulated archive (practice hosts) <lab@localhost>")
    (root / "keyring.asc").write_text(public)
    tree = scratch / "tree" / "DEBIAN"
    tree.mkdir(parents=True)
    (tree / "control").write_text(CONTROL)
    now = datetime.now(UTC)
    for name, age in AGES.items():
        archive = root / name / "ubuntu"
        (archive / "pool").mkdir(parents=True)
        run("dpkg-deb", "--root-owner-group", "--build", tree.parent, archive / "pool")
        for suite in SUITES:
            dist = archive / "dists" / suite
            index(archive, dist, suite, now - age)
            sign(scratch / "gpg", dist / "Release")


def index(archive: Path, dist: Path, suite: str, date: datetime) -> None:
    """Write a suite's package list and its Release file."""
    architecture = run("dpkg", "--print-architecture").strip()
    binary = dist / "main" / f"binary-{architecture}"
    binary.mkdir(parents=True)
    (binary / "Packages").write_text(run("apt-ftparchive", "packages", "pool", cwd=archive))
    fields = {
        **{"Origin": "Ubuntu", "Label": "Ubuntu", "Suite": suite, "Codename": "noble"},
        **{"Architectures": architecture, "Components": "main"},
    }
    options = [f"-oAPT::FTPArchive::Release::{key}={value}" for key, value in fields.items()]
    release = run("apt-ftparchive", *options, "release", ".", cwd=dist)
    dated = format_datetime(date).replace("+0000", "UTC")
    (dist / "Release").write_text(re.sub("(?m)^Date: .*", f"Date: {dated}", release))
