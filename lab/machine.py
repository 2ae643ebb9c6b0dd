"""Look at this machine, and choose how hosts are run on it."""

import os
from dataclasses import dataclass
from pathlib import Path

# In the order of their numbers in linux/capability.h. Later ones are left out: Docker 20.10 does
# not know them, and engines that do leave out by themselves what the machine lacks.
# fmt: off
CAPABILITIES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
    "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
    "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
    "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
    "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
    "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
)
# fmt: on
INOTIFY = {"max_user_instances": 65535, "max_user_watches": 1048576}


@dataclass(frozen=True)
class Machine:
    """What matters of the machine: capabilities as bit mask, their highest number, cgroup v2."""

    capabilities: int
    last_capability: int
    cgroup_v2: bool


def look() -> Machine:
    """Read the machine's capabilities (those of PID 1: the engine's) and its cgroup version."""
    status = Path("/proc/1/status").read_text()
    bounding = next(line.split()[1] for line in status.splitlines() if line.startswith("CapBnd"))
    return Machine(
        capabilities=int(bounding, 16),
        last_capability=int(Path("/proc/sys/kernel/cap_last_cap").read_text()),
        cgroup_v2=Path("/sys/fs/cgroup/cgroup.controllers").exists(),
    )


def run_options(machine: Machine) -> list[str]:
    """The `docker create` options that let systemd and an inner dockerd run in a container.

    --privileged is the plain way on cgroup v2: it alone gives a private cgroup tree that can be
    written to. Where the machine lacks a capability, --privileged fails, and all that is left is
    given by name.
    """
    always = ["--tmpfs=/run", "--tmpfs=/tmp:exec,mode=1777", "--env=container=docker"]
    lacking = [
        name
        for number, name in enumerate(CAPABILITIES[: machine.last_capability + 1])
        if not machine.capabilities >> number & 1
    ]
    if machine.cgroup_v2 and not lacking:
        return [*always, "--privileged", "--cgroupns=private"]
    by_name = [
        "--cap-add=ALL",
        *(f"--cap-drop={name}" for name in lacking),
        "--security-opt=seccomp=unconfined",
        "--security-opt=apparmor=unconfined",
        # /proc/sys must be writable, or the inner dockerd cannot start containers.
        "--security-opt=systempaths=unconfined",
    ]
    if machine.cgroup_v2:
        return [*always, *by_name, "--cgroupns=host", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw"]
    # systemd 256 and later refuse cgroup v1 without this variable.
    legacy = "--env=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"
    return [*always, *by_name, legacy, "--volume=/sys/fs/cgroup:/sys/fs/cgroup:ro"]


def raise_inotify_limits() -> None:
    """Make room for many systemds: with the kernel's defaults the 28th host dies at its start.

    Without root the limits stay as they are: a few hosts work with the defaults.
    """
    if os.geteuid() != 0:
        return
    for name, wanted in INOTIFY.items():
        limit = Path("/proc/sys/fs/inotify") / name
        if int(limit.read_text()) < wanted:
            limit.write_text(str(wanted))


def default_mtu() -> int:
    """The MTU of the interface of the default route, 1500 if there is none.

    A lab network with a larger one would lose big packets where ICMP is filtered.
    """
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        interface, destination = line.split()[:2]
        if destination == "00000000":
            return int(Path(f"/sys/class/net/{interface}/mtu").read_text())
    return 1500
