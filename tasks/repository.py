"""Docker's key and repository, tried out by the host's own apt before they are put in place."""

import shlex
from io import BytesIO, StringIO
from pathlib import PurePosixPath

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.laptop.openpgp import fetch
from rackwright.marks import LEFT, STAGING, put_in_place, try_out
from rackwright.packages.docker_sources import SOURCE
from rackwright.packages.patience import in_turn
from rackwright.plan import Plan
from rackwright.steps.repository import KEYRING


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
    trial = in_turn(plan.apt_timeout, *try_out(STAGING))
    server.shell(
        name="The repository answers with the right signature",
        commands=[f"{trial} || {{ echo {shlex.quote(step.advice)} >&2; false; }}"],
    )
    for path, left in host.loop(step.others.items()):
        if left is None:
            files.file(name=f"{path} is gone", path=path, present=False)
        else:
            files.put(
                name=f"What is left of {path} is at hand",
                src=BytesIO(left.encode(errors="surrogateescape")),
                dest=LEFT,
            )
            server.shell(
                name=f"{path} is without Docker's repository",
                commands=[put_in_place(LEFT, path, like=path)],
            )
    if step.rest:
        files.put(
            name=f"What else stands in {SOURCE} is at hand",
            src=BytesIO(step.rest.encode(errors="surrogateescape")),
            dest=LEFT,
        )
    server.shell(
        name=f"{PurePosixPath(SOURCE).name} is the only definition of Docker's repository",
        commands=[
            *([f"printf '\\n\\n' | cat - {LEFT} >> {STAGING}; rm {LEFT}"] if step.rest else []),
            put_in_place(STAGING, SOURCE, like=STAGING),
        ],
    )
    for path in host.loop(step.distrusted):
        files.file(name=f"{path} is gone", path=path, present=False)
