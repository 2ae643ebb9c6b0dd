"""Bring the lab up, take it down, say what it is."""

import json
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from lab import containers, distros, engine, hosts, keys, network, services, tools
from lab.engine import LABEL, docker
from lab.gpu import cards
from lab.hosts import Host
from lab.machine import raise_inotify_limits
from lab.paths import CACHE, CLIENT_KEY, KNOWN_HOSTS, LAB_JSON, STATE, lab_id, locked
from lab.shell import stage


def up(
    count: int,
    names: list[str],
    some_dirty: bool,
    upstream: bool,
    bases: Mapping[str, str] | None = None,
    gpus: Sequence[str] = (cards.NONE,),
) -> None:
    """Bring up a lab of that many hosts, whatever is there now, and write lab.json.

    `bases` are images to start from instead of bare ones, by name of the distribution; `gpus` what
    hosts have of them in turn. Raises LabError; the next call goes on from there.
    """
    for name in names:
        distros.find(name)
    for gpu in gpus:
        cards.parse(gpu)
    wanted = hosts.wanted(count, names, some_dirty, gpus)
    with locked(f"lab-{lab_id()}"):
        LAB_JSON.unlink(missing_ok=True)
        with locked("tools"):
            tools.ensure()
        raise_inotify_limits()
        with locked("engine"):
            engine.ensure()
            subnet = network.ensure()
        keys.write_known_hosts({each.name: hosts.address(each, subnet) for each in wanted})
        services_at = None if upstream else network.address(subnet, network.SERVICES)
        planned = plan(wanted, subnet, services_at, bases or {})
        with stage(f"{len(wanted)} hosts started"):
            made = containers.bring_up(planned)
        repo_url = services.repo_url(services_at) if services_at else ""
        with stage("all let one log in"):
            hosts.settle(wanted, subnet, made, repo_url)
        if services_at:
            services.settle(services_at)
        LAB_JSON.write_text(json.dumps(describe(wanted, subnet, services_at), indent=2) + "\n")
    status()


def plan(
    wanted: list[Host], subnet: str, services_at: str | None, bases: Mapping[str, str]
) -> list[containers.Container]:
    """The containers of the lab. Makes what they need, everything that can be at once."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        jobs = [pool.submit(services.container, services_at)] if services_at else []
        # One host of each kind asks for the image first; forty at once would all wait to ask.
        kinds = {(host.distro, host.dirty, host.gpu): host for host in wanted}
        list(pool.map(hosts.image, kinds.values()))
        jobs += [
            pool.submit(hosts.container, host, subnet, bases.get(host.distro, ""))
            for host in wanted
        ]
        return [job.result() for job in jobs]


def describe(wanted: list[Host], subnet: str, services_at: str | None) -> dict[str, Any]:
    """What lab.json says: hosts with their pyinfra data, data for all, services."""
    # The dirty host's container ends with the distribution's engine.
    everybody: dict[str, Any] = {
        "docker_users": ["admin", "alice"],
        "docker_allow_container_stop": True,
    }
    served: dict[str, str] = {}
    if services_at:
        served = services.describe(services_at)
        everybody |= {
            "docker_repo_url": served["repo_url"],
            "docker_key_fingerprint": services.fingerprint(),
            "docker_registry_mirrors": [served["mirror"]],
            "docker_mirror_reference": served["mirror"],
        }
    return {
        "lab": lab_id(),
        "subnet": subnet,
        "hosts": [describe_host(host, subnet) for host in wanted],
        "all": everybody,
        "services": served,
    }


def describe_host(host: Host, subnet: str) -> dict[str, Any]:
    return {
        **asdict(host),
        "name": host.name,
        "description": distros.find(host.distro).description,
        "container": containers.full_name(host.name),
        "data": {
            "ssh_hostname": hosts.address(host, subnet),
            "ssh_port": 22,
            "ssh_user": "admin",
            "ssh_key": str(CLIENT_KEY),
            "ssh_known_hosts_file": str(KNOWN_HOSTS),
            "ssh_strict_host_key_checking": "yes",
        },
    }


def status() -> None:
    """Print every host: what it is, where it is, how it is."""
    lab = hosts.load()
    found = containers.find()
    for host in lab["hosts"]:
        there = found.get(host["container"])
        state = there.state if there else "gone"
        if there and not there.connected:
            state += ", off the network"
        notes = f"{host['description']}{', dirty' if host['dirty'] else ''}"
        if cards.parse(host["gpu"]):
            notes += f", simulated {host['gpu']}"
        print(f"{host['name']:<22} {host['data']['ssh_hostname']:<15} {state:<9} {notes}")
    for name in ("repo_url", *services.PORTS):
        if name in lab["services"]:
            print(f"{name:<22} {lab['services'][name]}")


def down() -> None:
    """Remove everything that carries this lab's label, and its state; the cache stays."""
    with locked(f"lab-{lab_id()}"):
        for host in engines():
            with locked("engine"):
                if host == engine.SOCKET and not engine.answers(host):
                    engine.start_private()
                remove_all(host)
        shutil.rmtree(STATE, ignore_errors=True)
    engine.stop_private_if_unused()
    print(f"The lab is down. What was downloaded and built stays in {CACHE}")


def engines() -> list[str]:
    """The engines that this lab may have something on: the chosen one, else all that answer."""
    if engine.CHOICE.exists():
        return [engine.CHOICE.read_text().strip()]
    if not shutil.which("docker"):
        return []
    return [host for host in ("", engine.SOCKET) if engine.answers(host)]


def remove_all(host: str) -> None:
    """Remove this lab's containers, volumes and network from one engine."""
    mine = ("--quiet", f"--filter=label={LABEL}={lab_id()}")
    for listing, removal in (
        (("ps", "--all"), ("rm", "--force", "--volumes")),
        (("volume", "ls"), ("volume", "rm", "--force")),
        (("network", "ls"), ("network", "rm")),
    ):
        found = docker(*listing, *mine, host=host).split()
        if found:
            docker(*removal, *found, host=host)
