"""The practice hosts that `make lab` brought up, as an inventory for pyinfra."""

import json
from pathlib import Path

_state = Path(__file__).resolve().parent.parent / ".lab" / "lab.json"
if not _state.exists():
    raise SystemExit("no lab is up: run `make lab` first")
_lab = json.loads(_state.read_text())

lab = ([(host["name"], host["data"]) for host in _lab["hosts"]], _lab["all"])


def _of(distro: str) -> list[str]:
    return [host["name"] for host in _lab["hosts"] if host["distro"] == distro]


debian12 = _of("debian12")
debian13 = _of("debian13")
ubuntu22_04 = _of("ubuntu22.04")
ubuntu24_04 = _of("ubuntu24.04")
