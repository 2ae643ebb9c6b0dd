"""Docker's key and repository, tried out by the host's own apt before they are put in place."""

import shlex
from io import StringIO
from pathlib import PurePosixPath

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.marks import STAGING
from rackwright.openpgp import fetch
from rackwright.plan import Plan
from rackwright.steps.repository import KEYRING, SOURCE

# Only the definition on trial, into apt's own lists, and every failure counts. Without
# List-Cleanup, apt would drop the lists of all other sources.
TRY_OUT = (
    f"apt-get update -q -o Dir::Etc::sourcelist={STAGING} -o Dir::Etc::sourceparts=/dev/null"
    " -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any"
    " -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20"
)


@deploy("Repository")
def repository(plan: Plan) -> None:
    """One definition of Docker's repository, signed by the wanted key, and no other."""
    step = plan.repository
    if step is None:
        return
    files.put(
        name=f"Docker's key is in {KEYRING}",
        src=StringIO(fetch(step.key_url, step.fingerprint)),
        dest=KEYRING,
        mode="0644",
    )
    files.template(
        name="The new definition of the repository is at hand",
        src="templates/docker.sources.j2",
        dest=STAGING,
        mode="0644",
        create_remote_dir=False,
        source=step.source,
    )
    server.shell(
        name="The repository answers with the right signature",
        commands=[f"{TRY_OUT} || {{ echo {shlex.quote(step.advice)} >&2; false; }}"],
    )
    for path, left in host.loop(step.others.items()):
        if left is None:
            files.file(name=f"{path} is gone", path=path, present=False)
        else:
            files.put(name=f"{path} is without Docker's repository", src=StringIO(left), dest=path)
    server.shell(
        name=f"{PurePosixPath(SOURCE).name} is the only definition of Docker's repository",
        commands=[f"mv -f {STAGING} {SOURCE}"],
    )
