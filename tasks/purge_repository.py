"""Docker's repository and key, and the files beside the packages."""

from pathlib import PurePosixPath

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.packages.docker_sources import OWNER
from rackwright.packages.source_operations import taken_out
from rackwright.plan import Plan

APTS_OWN = {"/etc/apt", "/etc/apt/keyrings", "/etc/apt/trusted.gpg.d"}


@deploy("Purge repository")
def purge_repository(plan: Plan) -> None:
    """apt knows nothing of Docker's repository; other people's sources stay."""
    step = plan.purge
    if step is None:
        return
    taken_out(step.sources, OWNER)
    for path in host.loop(step.files):
        files.file(name=f"{path} is gone", path=path, present=False)
    folders = sorted({str(PurePosixPath(path).parent) for path in step.files} - APTS_OWN)
    if folders:
        server.shell(
            name="Folders that this left empty are gone",
            commands=[
                f"rmdir --ignore-fail-on-non-empty {' '.join(folders)}",
                "systemctl daemon-reload",
            ],
        )
