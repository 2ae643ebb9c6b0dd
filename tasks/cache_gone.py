"""What the fleet's cache, or the way to it, leaves behind where it is not wanted any more."""

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import files, server

from rackwright.packages.patience import apt_shell
from rackwright.plan import Plan

FOLDERS = "/etc/apt/rackwright/linux /etc/apt/rackwright /usr/local/lib/rackwright"
SERVER_FOLDERS = (
    "/etc/systemd/system/docker-registry.service.d /etc/docker/registry /etc/apt-cacher-ng"
)


@deploy("Cache gone")
def cache_gone(plan: Plan) -> None:
    """Nothing on the host leads to a cache, or is one, unless the settings say so."""
    client, server_step = plan.apt_cache, plan.cache_gone
    for path in host.loop(client.gone if client else ()):
        files.file(name=f"{path} is gone", path=path, present=False)
    if client and client.gone:
        server.shell(
            name="Folders that this left empty are gone",
            commands=[f"for each in {FOLDERS}; do rmdir $each 2>/dev/null || true; done"],
        )
    if server_step is None:
        return
    if server_step.packages:
        apt_shell(
            name=f"{' and '.join(server_step.packages)} are purged",
            seconds=plan.apt_timeout,
            commands=[
                f"apt-get purge -qy {' '.join(server_step.packages)} && rm -rf {server_step.folder}"
            ],
        )
    # They say that the packages are ours, so they go after them.
    for path in host.loop(server_step.files):
        files.file(name=f"{path} is gone", path=path, present=False)
    server.shell(
        name="systemd knows that the cache is gone",
        commands=[
            f"for each in {SERVER_FOLDERS}; do rmdir $each 2>/dev/null || true; done",
            "systemctl daemon-reload",
        ],
    )
