"""Packages of an offline bundle, put before the host's own apt."""

from io import StringIO

from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.bundle.file import INDEX
from rackwright.bundle.operations import sent
from rackwright.marks import BUNDLE
from rackwright.plan import Plan

SOURCE = f"{BUNDLE}/bundle.list"
# The index came over SSH and names the hash of every file, which apt checks: what a signature
# would add is a key that came the same way.
DEFINITION = f"deb [trusted=yes] file:{BUNDLE} ./\n"
# No other source, and none of apt's own lists and caches.
CONFIGURATION = f"""\
Dir::Etc::sourcelist "{SOURCE}";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "{BUNDLE}/lists";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
"""


@deploy("Bundle")
def bundle(plan: Plan) -> None:
    """The host's apt can install the engine from files on the host, and from nothing else."""
    step = plan.bundle
    if step is None:
        return
    server.shell(
        name="There is room for the bundle",
        commands=[f"install -d -m 0755 {BUNDLE} {BUNDLE}/lists {BUNDLE}/lists/partial"],
    )
    files.put(
        name="The bundle's index is on the host",
        src=f"{step.folder}/{INDEX}",
        dest=f"{BUNDLE}/{INDEX}",
        mode="0644",
    )
    files.put(name="The bundle is a package source", src=StringIO(DEFINITION), dest=SOURCE)
    files.put(
        name="It is the only one, for this run",
        src=StringIO(CONFIGURATION),
        dest=plan.apt_environment["APT_CONFIG"],
    )
    server.shell(
        name="apt reads the bundle's index",
        commands=["apt-get update -q"],
        _env=plan.apt_environment,
    )
    sent(name="What the host lacks is sent and checked", step=step)
