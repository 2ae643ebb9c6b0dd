"""The hosts of a lab: which ones are wanted, and how they are brought to their starting state."""

import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lab import containers, dirty, distros, images, keys, network, services
from lab.containers import Container
from lab.engine import docker
from lab.gpu import cards
from lab.gpu import host as gpu_host
from lab.paths import LAB_JSON
from lab.shell import LabError, at_once, wait_for
from lab.tar import File


@dataclass(frozen=True)
class Host:
    """A host: its number in the lab gives its name and its address; `gpu` as in gpu/cards.py."""

    number: int
    distro: str
    dirty: bool
    gpu: str = cards.NONE

    @property
    def name(self) -> str:
        return f"{distros.find(self.distro).short}-{self.number}"


def wanted(
    count: int, names: list[str], some_dirty: bool, gpus: Sequence[str] = (cards.NONE,)
) -> list[Host]:
    """The hosts of a lab: distributions and GPUs in turn, every third host dirty if asked."""
    return [
        Host(
            index + 1,
            names[index % len(names)],
            some_dirty and index % 3 == 0,
            gpus[index % len(gpus)],
        )
        for index in range(count)
    ]


def address(host: Host, subnet: str) -> str:
    return network.address(subnet, network.FIRST_HOST + host.number - 1)


def image(host: Host) -> str:
    """The image that a host starts from; makes it if need be."""
    distro = distros.find(host.distro)
    base = images.with_docker_io(distro) if host.dirty else images.host(distro)
    return gpu_host.image(base, distro) if cards.parse(host.gpu) else base


def container(host: Host, subnet: str, base: str = "") -> Container:
    """The container of a host, from the image `base` or its own, which is made if need be.

    Its keys have to be there.
    """
    files: dict[str, File] = keys.host_files(host.name)
    if host.dirty:
        files |= dirty.FILES
    options: tuple[str, ...] = ()
    if profile := cards.parse(host.gpu):
        family = distros.find(host.distro).family
        files |= gpu_host.files(profile, services.nvidia_url(subnet), family)
        options = gpu_host.OPTIONS
    return Container(host.name, base or image(host), address(host, subnet), options, files)


def settle(hosts: list[Host], subnet: str, made: list[str], repo_url: str) -> None:
    """Wait until one can log in to the hosts, and make those dirty that have to be."""

    def settle_one(host: Host) -> None:
        at = address(host, subnet)
        wait_for(f"{host.name} lets one log in ({at}:22)", lambda: greets(at), 90)
        # pam_nologin(8): only root, as long as the host starts.
        starting = "while [ -e /run/nologin ]; do sleep 0.1; done"
        execute(host.name, "timeout", "90", "sh", "-c", starting)
        if host.dirty:
            name = containers.full_name(host.name)
            dirty.soil(host.name, name, distros.find(host.distro), repo_url, host.name in made)

    at_once(settle_one, hosts, workers=16)


def greets(at: str) -> bool:
    """Whether sshd greets at that address."""
    try:
        with socket.create_connection((at, 22), timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def reset(names: list[str], gpu: str | None = None) -> None:
    """Put hosts back into their starting state: same name, address and key, nothing else kept.

    With `gpu` they get other hardware. Raises LabError for a name that the lab does not have.
    """
    lab = load()
    known = {host["name"]: host for host in lab["hosts"]}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise LabError(f"no host {', '.join(unknown)} in the lab; it has {', '.join(known)}")
    if gpu is not None:
        cards.parse(gpu)
        for name in names:
            known[name]["gpu"] = gpu
        LAB_JSON.write_text(json.dumps(lab, indent=2) + "\n")
    hosts = [Host(*(known[n][key] for key in ("number", "distro", "dirty", "gpu"))) for n in names]
    containers.remake([container(host, lab["subnet"]) for host in hosts])
    settle(hosts, lab["subnet"], names, lab["services"].get("repo_url", ""))


def load() -> dict[str, Any]:
    """What `up` wrote about the lab. Raises LabError if no lab is up."""
    if not LAB_JSON.exists():
        raise LabError("no lab is up: run `make lab` first")
    found: dict[str, Any] = json.loads(LAB_JSON.read_text())
    return found


def execute(name: str, *command: str) -> str:
    """Run a command as root inside a host, beside ssh; return what it prints."""
    return docker("exec", containers.full_name(name), *command)


def ssh_command(host: dict[str, Any], *words: str, user: str = "admin") -> list[str]:
    """The ssh command line for a host of lab.json; its key is checked."""
    data = host["data"]
    options = [
        f"UserKnownHostsFile={data['ssh_known_hosts_file']}",
        "StrictHostKeyChecking=yes",
        "IdentitiesOnly=yes",
    ]
    return [
        *("ssh", "-F", "none", "-i", data["ssh_key"]),
        *(word for option in options for word in ("-o", option)),
        f"{user}@{data['ssh_hostname']}",
        *words,
    ]
