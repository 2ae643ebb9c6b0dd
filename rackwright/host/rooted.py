"""Shell code that runs as root on a host, and what is said when it fails."""

import re
import shlex

from rackwright.host.script import encoded

# In words of our own: pyinfra takes sudo's for a sign to ask for a password, and would wait for it.
_MAY_SUDO = (
    "sudo -n true 2>/dev/null || "
    "{ echo 'the login is not root, and has no sudo without a password' >&2; exit 1; }"
)


def rooted(shell: str, *, own_sudo: bool, terminal: bool = False) -> str:
    """Shell code that runs this shell code as root, without a nested quote.

    With `own_sudo` it becomes root by itself where the login is not. sudo may ask for a password
    only where there is a terminal to ask at. Standard input stays free for the code.
    """
    if own_sudo:
        become = "set -- sudo -H" if terminal else f"{_MAY_SUDO}; set -- sudo -H -n"
        shell = f'[ "$(id -u)" = 0 ] || {{ {become}; }}; "$@" sh -c {shlex.quote(shell)}'
    return f'eval "$(echo {encoded(shell)} | base64 -d)"'


def reason(said: list[str]) -> str:
    """What a failed command said, in its last lines, and what to do where that is known."""
    text = "\n".join(line for line in said if line.strip()).replace(
        "Error response from daemon: ", ""
    )
    # The page that a web server sent along has no more to say.
    text = re.sub(r":?\s*<(!doctype|html)\b.*", "", text, flags=re.IGNORECASE | re.DOTALL)
    text = "\n".join(text.splitlines()[-3:]) or "it failed without a word"
    if "no sudo without a password" in text:
        return f"{text}; give it that, or set _sudo_password for the host"
    if "docker: not found" in text:
        return "Docker is not installed; pyinfra INVENTORY deploy.py does that"
    return text
