"""ssh's command line for a host of the inventory."""

import shlex
from collections.abc import Mapping
from typing import Any

_OPTIONS = {
    "ssh_known_hosts_file": "UserKnownHostsFile",
    "ssh_strict_host_key_checking": "StrictHostKeyChecking",
}


def ssh_command(name: str, data: Mapping[str, Any], *flags: str, remote: str = "") -> list[str]:
    """The words that log in to a host as pyinfra does, to run `remote` there or a shell.

    `name` and `data` are those of pyinfra's host. A password is asked for by ssh itself.
    """
    words = ["ssh", *flags]
    if data.get("ssh_config_file"):
        words += ["-F", str(data["ssh_config_file"])]
    if data.get("ssh_key"):
        words += ["-i", str(data["ssh_key"])]
    if data.get("ssh_port"):
        words += ["-p", str(data["ssh_port"])]
    if data.get("ssh_forward_agent"):
        words.append("-A")
    for key, option in _OPTIONS.items():
        if data.get(key):
            words += ["-o", f"{option}={shlex.quote(str(data[key]))}"]
    user = f"{data['ssh_user']}@" if data.get("ssh_user") else ""
    words += ["--", f"{user}{data.get('ssh_hostname') or name}"]
    return [*words, remote] if remote else words
