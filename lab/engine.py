"""The Docker engine that carries the hosts: the machine's own, or a private one for all labs."""

import os
import signal
import subprocess
from pathlib import Path

from lab.paths import CACHE, STATE, locked
from lab.shell import LabError, run, stage, wait_for

LABEL = "rackwright.lab"
RUN = Path("/run/rackwright-lab")
SOCKET = f"unix://{RUN}/docker.sock"
PIDFILE = RUN / "dockerd.pid"
LOG = CACHE / "engine.log"
CHOICE = STATE / "engine"


def docker(*args: str | Path, stdin: bytes = b"", host: str | None = None) -> str:
    """Call the docker client on this lab's engine and return what it prints.

    host overrides the engine that `up` chose; the empty string means the client's own default.
    Raises LabError when docker fails.
    """
    if host is None:
        host = CHOICE.read_text().strip() if CHOICE.exists() else ""
    env = {**os.environ, "DOCKER_HOST": host} if host else dict(os.environ)
    return run("docker", *args, stdin=stdin, env=env)


def answers(host: str) -> bool:
    """Whether a Docker engine answers there."""
    try:
        return bool(docker("info", "--format", "{{.ServerVersion}}", host=host).strip())
    except LabError:
        return False


def ensure() -> None:
    """Choose an engine, start it if it is the private one, and remember it for this lab.

    A lab stays on its engine: the private one is used again even if another one turned up since.
    The caller holds the lock "engine". Raises LabError if there is no engine and none can be made.
    """
    STATE.mkdir(exist_ok=True)
    chosen = CHOICE.read_text().strip() if CHOICE.exists() else None
    if chosen != SOCKET and answers(""):
        chosen = os.environ.get("DOCKER_HOST", "")
    elif not answers(SOCKET):
        with stage("private Docker engine started"):
            start_private()
        chosen = SOCKET
    else:
        chosen = SOCKET
    CHOICE.write_text(chosen + "\n")


def start_private() -> None:
    """Start the private dockerd and wait until it answers.

    --bridge=none: labs have networks of their own, and docker0 may be somebody else's.
    """
    if os.geteuid() != 0:
        raise LabError(
            "no Docker engine answers. Start one that this user may use (`docker info` must work),"
            " or run the lab as root: then it starts a private one"
        )
    RUN.mkdir(parents=True, exist_ok=True)
    drop_stale_pidfile(PIDFILE, "dockerd")
    drop_stale_pidfile(RUN / "containerd" / "containerd.pid", "containerd")
    if not PIDFILE.exists():
        with LOG.open("wb") as log:
            subprocess.Popen(
                [
                    "dockerd",
                    f"--data-root={CACHE / 'engine'}",
                    f"--exec-root={RUN}",
                    f"--pidfile={PIDFILE}",
                    f"--host={SOCKET}",
                    "--bridge=none",
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
    try:
        wait_for("the private Docker engine answers", lambda: answers(SOCKET), 60)
    except LabError as error:
        last = "\n  ".join(LOG.read_text(errors="replace").splitlines()[-5:])
        raise LabError(f"the private dockerd did not start; the end of {LOG}:\n  {last}") from error


def drop_stale_pidfile(pidfile: Path, program: str) -> None:
    """Remove a pid file whose process is gone, or whose number now belongs to another program."""
    if pidfile.exists() and running_pid(pidfile, program) is None:
        pidfile.unlink()


def running_pid(pidfile: Path, program: str) -> int | None:
    """The process id in the file if that process is the named program, else None."""
    try:
        pid = int(pidfile.read_text())
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError):
        return None
    return pid if name == program and state != "Z" else None


def stop_private_if_unused() -> None:
    """Stop the private dockerd when no lab of this machine has anything on it any more."""
    with locked("engine"):
        if not answers(SOCKET):
            return
        of_labs = ("--quiet", "--filter", f"label={LABEL}")
        if docker("ps", "--all", *of_labs, host=SOCKET) or docker(
            "network", "ls", *of_labs, host=SOCKET
        ):
            return
        pid = running_pid(PIDFILE, "dockerd")
        if pid is None:
            raise LabError(f"{SOCKET} answers, but {PIDFILE} names no dockerd; stop it by hand")
        with stage("private Docker engine stopped"):
            os.kill(pid, signal.SIGTERM)
            wait_for(f"dockerd {pid} ends", lambda: running_pid(PIDFILE, "dockerd") is None, 60)
            unmount_below(RUN)
            unmount_below(CACHE / "engine")
            run("rm", "-rf", RUN)


def unmount_below(folder: Path) -> None:
    """Unmount what a killed engine may have left mounted at or below a folder, innermost first."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in reversed(mounts):
        if mount == str(folder) or mount.startswith(f"{folder}/"):
            run("umount", "--lazy", mount)
