"""Remote commands, counted by a host's own sshd."""

from lab import hosts

LOG = "/var/log/remote-commands"
CONF = "/etc/ssh/sshd_config.d/counter.conf"
# A zero byte after each: a command may have more than one line.
COUNTER = f"""#!/bin/sh
printf '%s\\n\\0' "$SSH_ORIGINAL_COMMAND" >> {LOG}
exec "$SHELL" -c "$SSH_ORIGINAL_COMMAND"
"""
# Unlike a reload, a restart returns when sshd listens again. systemd would refuse the sixth of
# them in ten seconds, if it was not told to forget the others.
RESTART = "systemctl reset-failed ssh && systemctl restart ssh"
START = f"""\
cat > /usr/local/bin/counter <<'EOF'
{COUNTER}EOF
chmod 755 /usr/local/bin/counter
install -m 666 /dev/null {LOG}
echo 'ForceCommand /usr/local/bin/counter' > {CONF}
{RESTART}
"""
STOP = f"tr -cd '\\0' < {LOG} | wc -c; rm {CONF}; {RESTART}"


def start(name: str) -> None:
    """From now on the host's own sshd writes down every command that it is asked to run."""
    hosts.execute(name, "sh", "-ec", START)


def stop(name: str) -> int:
    """How many commands (and SFTP sessions) the host's sshd ran since start; counting ends."""
    return int(hosts.execute(name, "sh", "-ec", STOP))
