"""SSH keys: one for the lab's user, one for each host. A host keeps its key through a reset."""

from pathlib import Path

from lab.paths import CLIENT_KEY, KNOWN_HOSTS, STATE
from lab.shell import at_once, run
from lab.tar import File

USERS = ("admin", "plain", "alice", "bob")
FIRST_UID = 1000


def ensure(path: Path) -> Path:
    """Make an ed25519 key pair at that path unless it is there; return the path."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.parent.name, "-f", path)
    return path


def host_key(name: str) -> Path:
    return STATE / "host-keys" / name / "ssh_host_ed25519_key"


def public(key: Path) -> str:
    """The public half: key type and key, without the comment."""
    return " ".join(key.with_suffix(".pub").read_text().split()[:2])


def write_known_hosts(addresses: dict[str, str]) -> None:
    """Make the keys of the hosts (name: address), and the file that ssh checks them with."""
    at_once(ensure, [CLIENT_KEY, *map(host_key, addresses)])
    lines = [f"{name},{at} {public(host_key(name))}\n" for name, at in addresses.items()]
    KNOWN_HOSTS.write_text("".join(lines))


def host_files(name: str) -> dict[str, File]:
    """The files that give a host its own key and let the lab's key log in as each user."""
    key = host_key(name)
    files = {
        "etc/ssh/ssh_host_ed25519_key": File(key.read_bytes(), 0o600),
        "etc/ssh/ssh_host_ed25519_key.pub": File(key.with_suffix(".pub").read_bytes()),
    }
    for uid, user in enumerate(USERS, FIRST_UID):
        authorized = (public(CLIENT_KEY) + "\n").encode()
        files[f"home/{user}/.ssh/"] = File(mode=0o700, owner=uid)
        files[f"home/{user}/.ssh/authorized_keys"] = File(authorized, 0o600, uid)
    return files
