"""Where the lab keeps things, and the locks that let two labs share them."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A checkout may have more than one lab: the tests and the benchmarks have their own.
NAME = os.environ.get("LAB_NAME", "")
STATE = ROOT / (f".lab-{NAME}" if NAME else ".lab")
LAB_JSON = STATE / "lab.json"
KNOWN_HOSTS = STATE / "known_hosts"
CLIENT_KEY = STATE / "id_ed25519"
WRONG_KEY = STATE / "wrong-key.asc"
FILES = ROOT / "lab" / "files"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rackwright-lab"


def lab_id(state: Path = STATE) -> str:
    """Eight characters that tell the labs of two checkouts on one machine apart."""
    return hashlib.sha256(str(state).encode()).hexdigest()[:8]


def digest(*parts: str | bytes) -> str:
    """A short name for content: the same parts always give the same name."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()[:12]


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the machine-wide lock of that name; the kernel frees it when its holder dies."""
    folder = CACHE / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name.replace("/", "_").replace(":", "_")).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
