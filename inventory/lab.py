"""The practice hosts that `make lab` brought up, as an inventory for pyinfra."""

import json
import os
from pathlib import Path

_name = os.environ.get("LAB_NAME", "")
_state = Path(__file__).resolve().parent.parent / (f".lab-{_name}" if _name else ".lab")
if not (_state / "lab.json").exists():
    raise SystemExit("no lab is up: run `make lab` first")
_lab = json.loads((_state / "lab.json").read_text())

lab = ([(host["name"], host["data"]) for host in _lab["hosts"]], _lab["all"])


def _of(distro: str) -> list[str]:
    return [host["name"] for host in _lab["hosts"] if host["distro"] == distro]


debian12 = _of("debian12")
debian13 = _of("debian13")
ubuntu22_04 = _of("ubuntu22.04")
ubuntu24_04 = _of("ubuntu24.04")
