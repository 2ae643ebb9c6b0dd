"""Before anything is changed: no other run has the host, and it keeps the admin's files."""

import shlex

from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.docker import DAEMON_SH
from rackwright.gpu.operations import wait_for_jobs
from rackwright.host.script import command
from rackwright.host_lock.failure import HELD
from rackwright.marks import BACKUPS, STATE, UNFINISHED
from rackwright.packages.patience import apt_is_free
from rackwright.plan import Plan
from rackwright.steps.daemon import DAEMON_JSON


@deploy("Begin")
def begin(plan: Plan) -> None:
    """Leave a mark that the last task takes away, so that a run that dies is taken up again."""
    if not plan.changes:
        return
    if plan.jobs or plan.gpu_idle:
        wait_for_jobs(plan)
    if plan.turn:
        server.shell(name=HELD, commands=[plan.turn.begin(plan.changes)])
    if plan.uses_apt:
        apt_is_free(name="apt and dpkg are free", seconds=plan.apt_timeout)
    if plan.daemon and plan.daemon.before:
        server.shell(
            name=f"Nobody has changed {DAEMON_JSON} since it was looked at",
            commands=[command(DAEMON_SH, "as_seen", plan.daemon.before)],
        )
    if plan.idle:
        server.shell(name="Still nothing runs in Docker", commands=[command(DAEMON_SH, "idle")])
    if not plan.resumes:
        server.shell(
            name="The host knows that a run is under way",
            commands=[f"install -d -m 0755 {STATE} && echo verify > {UNFINISHED}"],
        )
    if plan.replaced_files:
        files = " ".join(shlex.quote(path.lstrip("/")) for path in plan.replaced_files)
        server.shell(
            name=f"Files that will be replaced are kept in {BACKUPS}",
            commands=[
                f"install -d -m 0700 {BACKUPS}"
                f" && tar -C / -czf {BACKUPS}/$(date -u +%Y%m%dT%H%M%SZ).tar.gz -- {files}"
            ],
        )
