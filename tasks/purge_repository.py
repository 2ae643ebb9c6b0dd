"""Docker's repository and key, and the files beside the packages."""

from io import BytesIO
from pathlib import PurePosixPath

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.marks import LEFT, put_in_place
from rackwright.plan import Plan

APTS_OWN = {"/etc/apt", "/etc/apt/keyrings", "/etc/apt/trusted.gpg.d"}


@deploy("Purge repository")
def purge_repository(plan: Plan) -> None:
    """apt knows nothing of Docker's repository; other people's sources stay."""
    step = plan.purge
    if step is None:
        return
    for path, left in host.loop(step.sources.items()):
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
