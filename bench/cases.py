"""What is measured: the cases, their contenders and their budgets. No I/O."""

import sys
from dataclasses import dataclass
from pathlib import Path

OURS, STOCK, START_UP = "rackwright", "stock pyinfra", "our start-up"
CHECK, BY_HAND = "ssh, one check", "ssh, one script"
PYTHON = "python, nothing at all"
HEALTHY, FIVE = "all six healthy", "five hosts alone"
PEERS = "bench/peers"


@dataclass(frozen=True)
class Case:
    """One job on so many hosts.

    Budget: ours takes at most `factor` times the `floor`, plus our start-up with `start_up`, or
    plus `above` seconds.
    `bare` hosts are reset before every run; others are provisioned and stay so, but for the package
    that each one `lacks` before every run. With `point`, the last host freezes as it comes there.
    """

    name: str
    title: str
    hosts: int
    bare: bool
    rounds: int
    floor: str
    factor: float
    start_up: bool
    above: float = 0.0
    lacks: str = ""
    point: str = ""


def frozen(name: str, where: str, point: str) -> Case:
    """One host of six freezes at a point of a run with something to install."""
    title = f"6 hosts, 1 of them frozen {where}"
    lacks = "docker-compose-plugin"
    return Case(name, title, 6, False, 3, HEALTHY, 1.2, False, lacks=lacks, point=point)


@dataclass(frozen=True)
class Site:
    """What the contenders must know of the lab; `key` is the SHA-256 of the repository's key."""

    ssh_config: Path
    repo_url: str
    key: str
    mirror: str
    users: tuple[str, ...]


CASES = (
    Case("nothing-4", "nothing to change, 4 hosts", 4, False, 9, CHECK, 1.25, True),
    Case("bare-4", "bare to hello-world, 4 hosts", 4, True, 3, BY_HAND, 1.05, False),
    Case("nothing-40", "nothing to change, 40 hosts", 40, False, 5, CHECK, 1.25, True),
    Case("help", "rackwright --help", 1, False, 9, PYTHON, 1.0, False, 0.3),
    Case("plan-1", "rackwright plan, 1 host", 1, False, 9, CHECK, 1.0, False, 0.6),
    frozen("frozen-connect", "before it is connected", "connect"),
    frozen("frozen-observe", "as it is looked at", "observe"),
    frozen("frozen-apt", "as apt installs", "Engine"),
    frozen("frozen-verify", "as it is verified", "Verify"),
)


def contenders(case: Case, site: Site) -> dict[str, list[str]]:
    """The command line of every contender, by name, in the order of their turns."""
    if case.bare:
        script = [f"{PEERS}/install.sh", site.repo_url, site.mirror, *site.users]
        return {OURS: ours(), BY_HAND: everywhere(site, *script), STOCK: stock()}
    if case.name == "help":
        return {OURS: [rackwright(), "--help"], PYTHON: [sys.executable, "-c", "pass"]}
    if case.name == "plan-1":
        words = [rackwright(), "plan", "inventory/lab.py", "--report", "off"]
        return {OURS: words, CHECK: check(site)}
    if case.point:
        script = [sys.executable, f"{PEERS}/five_of_six.py"]
        points = {OURS: case.point, HEALTHY: "nowhere", FIVE: "left out"}
        return {name: [*script, point] for name, point in points.items()}
    return {
        OURS: ours(),
        CHECK: check(site),
        STOCK: stock(),
        START_UP: [sys.executable, f"{PEERS}/startup.py"],
    }


def ours() -> list[str]:
    """Our deploy on all hosts of the lab."""
    return [pyinfra(), "-y", "inventory/lab.py", "deploy.py"]


def stock() -> list[str]:
    """The same deploy from stock operations."""
    return [pyinfra(), "-y", "inventory/lab.py", f"{PEERS}/stock_pyinfra.py"]


def check(site: Site) -> list[str]:
    """The floor of "nothing to change"; also the judge of what the others did."""
    script = f"{PEERS}/check.sh"
    return everywhere(site, script, site.repo_url, site.key, site.mirror, *site.users)


def everywhere(site: Site, *script: str) -> list[str]:
    """A shell script with its arguments, on all hosts of the lab, all at once."""
    return ["sh", f"{PEERS}/everywhere.sh", str(site.ssh_config), *script]


def rackwright() -> str:
    """The rackwright of this virtual environment."""
    return str(Path(sys.executable).parent / "rackwright")


def pyinfra() -> str:
    """The pyinfra of this virtual environment."""
    return str(Path(sys.executable).parent / "pyinfra")
