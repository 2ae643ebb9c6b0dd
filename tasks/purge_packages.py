"""Containers stop, and Docker's packages go with their configuration."""

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.docker.rootless import delete_data, remove
from rackwright.packages.patience import apt_shell
from rackwright.plan import Plan

# Asked once more: somebody may have started one since the plan was made.
NONE_RUNS = (
    "names=$(docker ps --format '{{.Names}}' | paste -sd ' ') && { [ -z \"$names\" ] || "
    '{ echo "these containers were started meanwhile: $names" >&2; false; }; }'
)
# With live-restore, containers outlive their daemon.
STOP = "docker ps --quiet | xargs -r docker stop"
# Not left to the packages: their scripts stop nothing where a policy-rc.d forbids it.
STOP_UNITS = (
    "for unit in docker.socket docker.service containerd.service; do "
    "! systemctl cat $unit >/dev/null 2>&1 || systemctl stop $unit || exit 1; done"
)


@deploy("Purge packages")
def purge_packages(plan: Plan) -> None:
    """No container and no daemon runs; every package of Docker's is gone."""
    step = plan.purge
    if step is None:
        return
    if step.running:
        server.shell(
            name="No container runs" if not step.stop_containers else "Containers are stopped",
            commands=[STOP if step.stop_containers else NONE_RUNS],
        )
    for user in host.loop(step.rootless):
        server.shell(
            name=f"The daemon of {user} is gone",
            # The record of the user goes last.
            commands=[
                *remove(user)[:2],
                *([delete_data(user)] if step.rootless_data else []),
                *remove(user)[2:],
            ],
        )
    if step.held:
        # Not apt-mark: it does not know a package that is held and not installed.
        apt_shell(
            name="Nothing holds the packages",
            seconds=plan.apt_timeout,
            commands=[f"echo {name} deinstall | dpkg --set-selections" for name in step.held],
        )
    if not step.packages:
        return
    server.shell(name="Docker is stopped", commands=[STOP_UNITS])
    # apt.packages would leave those of which only the configuration is there.
    apt_shell(
        name="Docker's packages are purged",
        seconds=plan.apt_timeout,
        commands=[f"DEBIAN_FRONTEND=noninteractive apt-get purge -qy {' '.join(step.packages)}"],
    )
