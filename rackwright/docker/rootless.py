"""The commands of rootless Docker, as the user and as root.

Docker's manual, "Rootless mode"; subuid(5).
"""

import shlex

from rackwright.marks import STATE

USERS = f"{STATE}/rootless-users"
PACKAGES = ("uidmap", "slirp4netns", "dbus-user-session")
RANGE = 65536  # subordinate IDs that a user needs at least
SETUP = "dockerd-rootless-setuptool.sh"
ASKS = 'docker --host "unix://$XDG_RUNTIME_DIR/docker.sock" info >/dev/null 2>&1'
ANSWERS = f"timeout 60 sh -c {shlex.quote(f'until {ASKS}; do sleep 0.5; done')}"
HELLO_WORLD = (
    'DOCKER_HOST="unix://$XDG_RUNTIME_DIR/docker.sock" timeout 300 docker run --rm hello-world'
)


def as_user(user: str, command: str) -> str:
    """The command that runs another one as the user, who need not be logged in."""
    name = shlex.quote(user)
    return (
        f"uid=$(id -u {name}) && home=$(getent passwd {name} | cut -d: -f6) && cd / && "
        f'runuser -u {name} -- env -i HOME="$home" USER={name} LOGNAME={name} '
        "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin XDG_RUNTIME_DIR=/run/user/$uid "
        f"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$uid/bus sh -c {shlex.quote(command)}"
    )


def remember(user: str) -> str:
    """The user has a daemon from us; said before it is there, so that a run can die."""
    name = shlex.quote(user)
    known = f"grep -qxF {name} {USERS} 2>/dev/null"
    return f"install -d {STATE} && {{ {known} || echo {name} >> {USERS}; }}"


def give_ranges(user: str) -> str:
    """The user has subordinate user and group IDs, above those of everybody else."""
    name = shlex.quote(user)
    return (
        "start=$(cat /etc/subuid /etc/subgid 2>/dev/null | awk -F: -v last=100000 "
        "'$2 + $3 > last { last = $2 + $3 } END { print last }') && "
        "for file in /etc/subuid /etc/subgid; do "
        f"grep -q ^{name}: $file 2>/dev/null || echo {name}:$start:{RANGE} >> $file || exit 1; done"
    )


def linger(user: str) -> str:
    """The user's services run without a login; whether that is our doing is remembered."""
    name = shlex.quote(user)
    return (
        f"[ -e /var/lib/systemd/linger/{name} ] || "
        f"{{ touch {STATE}/linger-{name} && loginctl enable-linger {name}; }} && "
        f"uid=$(id -u {name}) && "
        "timeout 60 sh -c 'until [ -S /run/user/'$uid'/bus ]; do sleep 0.2; done'"
    )


def set_up(user: str, daemon_json: str) -> str:
    """The user's daemon runs, and comes back after a reboot."""
    file = "~/.config/docker/daemon.json"
    first = f"[ -e {file} ] || echo {shlex.quote(daemon_json)} > {file}"
    # Its unit may be started three times a minute; one that failed before has to be forgiven.
    forgive = "systemctl --user reset-failed docker.service 2>/dev/null"
    # The tool of older engines waits three seconds for the daemon, then calls it a failure.
    late = f"[ -e ~/.config/systemd/user/docker.service ] && {ANSWERS} && {SETUP} install"
    install = f"{{ {SETUP} install || {{ {late}; }}; }}"
    return as_user(
        user, f"mkdir -p ~/.config/docker && {{ {first}; }} && {{ {forgive}; {install}; }}"
    )


def answers(user: str) -> str:
    """The user's daemon answers within a minute.

    Lingering that ended a moment ago still ends the services that were started since; systemd then
    starts them anew.
    """
    return as_user(user, ANSWERS)


def remove(user: str) -> list[str]:
    """The user's daemon is gone, and lingering where that was ours; the data stays.

    A user who was deleted on the host is forgotten.
    """
    name = shlex.quote(user)
    return [
        if_there(user, as_user(user, f"{SETUP} uninstall --force")),
        f"[ ! -e {STATE}/linger-{name} ] || "
        f"{{ {if_there(user, f'loginctl disable-linger {name}')} && rm {STATE}/linger-{name}; }}",
        f"sed -i {shlex.quote(f'/^{user}$/d'.replace('.', '[.]'))} {USERS}",
    ]


def delete_data(user: str) -> str:
    """The user's images, containers and volumes are gone; their owners are IDs of the ranges."""
    return if_there(user, as_user(user, 'rootlesskit rm -rf "$HOME/.local/share/docker"'))


def if_there(user: str, command: str) -> str:
    """The command that runs another one where the host knows the user."""
    return f"{{ ! getent passwd {shlex.quote(user)} >/dev/null || {{ {command}; }}; }}"
