"""Containers that boot systemd: compare what is wanted with what is there, and do the rest."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep
from typing import Any

from lab import network
from lab.engine import LABEL, docker
from lab.machine import look, run_options
from lab.paths import digest, lab_id
from lab.shell import LabError, at_once
from lab.tar import File, archive

SPEC = "rackwright.spec"


@dataclass(frozen=True)
class Container:
    """A wanted container: name inside the lab, image, fixed address, options, own files."""

    name: str
    image: str
    address: str
    options: tuple[str, ...] = ()
    files: dict[str, File] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return full_name(self.name)


@dataclass(frozen=True)
class Found:
    """A container that is there: its state in Docker's words, its spec, whether on the network."""

    state: str
    spec: str
    connected: bool


def full_name(name: str) -> str:
    """The container's name on the engine, which all labs of the machine share."""
    return f"rackwright-{lab_id()}-{name}"


def action(spec: str, found: Found | None) -> str:
    """What brings a container to life: create, recreate, start, unpause, connect, or keep."""
    if found is None:
        return "create"
    if found.spec != spec or found.state in ("created", "dead", "removing", "lost"):
        # "created" was never given its files: its maker was killed in between.
        return "recreate"
    if not found.connected:
        return "connect"
    return {"running": "keep", "restarting": "keep", "paused": "unpause"}.get(found.state, "start")


def find() -> dict[str, Found]:
    """All containers of this lab by their full name."""
    listed = docker("ps", "--all", "--quiet", "--filter", f"label={LABEL}={lab_id()}").split()
    if not listed:
        return {}
    return {
        each["Name"].lstrip("/"): Found(
            state_of(each["State"]),
            each["Config"]["Labels"].get(SPEC, ""),
            network.NAME in each["NetworkSettings"]["Networks"],
        )
        for each in json.loads(docker("inspect", *listed))
    }


def state_of(state: dict[str, Any]) -> str:
    """Docker's word for a container's state, or "lost": the engine did not see its process end."""
    if state["Status"] == "running" and not Path(f"/proc/{state['Pid']}").exists():
        return "lost"
    return str(state["Status"])


def bring_up(wanted: list[Container]) -> list[str]:
    """Bring exactly these containers up, remove the lab's others; return the names made anew."""
    specs = specs_of(wanted)
    found = find()
    actions = {
        each.full_name: action(specs[each.full_name], found.get(each.full_name)) for each in wanted
    }
    gone = [name for name in found if actions.get(name, "recreate") == "recreate"]
    remove(gone)
    made = [each for each in wanted if actions[each.full_name] in ("create", "recreate")]

    def act(each: Container) -> None:
        if each in made:
            create(each, specs[each.full_name])
        revive(each, "start" if each in made else actions[each.full_name])

    at_once(act, wanted)
    return [each.name for each in made]


def remake(wanted: list[Container]) -> None:
    """Throw containers away and make them anew."""
    specs = specs_of(wanted)
    found = find()
    remove([each.full_name for each in wanted if each.full_name in found])

    def make(each: Container) -> None:
        create(each, specs[each.full_name])
        docker("start", each.full_name)

    at_once(make, wanted)


def specs_of(wanted: list[Container]) -> dict[str, str]:
    """A digest of all that each container is made of: another one means it must be made anew."""
    common = [*run_options(look()), network.identity()]
    return {
        each.full_name: digest(
            archive(each.files), each.image, each.address, *each.options, *common
        )
        for each in wanted
    }


def create(container: Container, spec: str) -> None:
    """Create a container that is not started, with volumes for an inner engine, and its files."""
    label = f"{LABEL}={lab_id()}"
    docker(
        *("create", "--name", container.full_name, "--hostname", container.name),
        # What systemd takes for "power off", for whoever calls `docker stop`.
        "--stop-signal=SIGRTMIN+3",
        *("--label", label, "--label", f"{SPEC}={spec}"),
        *("--network", network.NAME, "--ip", container.address),
        # On a volume the inner engine can use overlay2; on the container's own overlay it cannot.
        f"--mount=type=volume,dst=/var/lib/docker,volume-label={label}",
        f"--mount=type=volume,dst=/var/lib/containerd,volume-label={label}",
        *run_options(look()),
        *container.options,
        container.image,
    )
    docker("cp", "--archive", "-", f"{container.full_name}:/", stdin=archive(container.files))


def revive(container: Container, how: str) -> None:
    """Do what action() says to a container that exists."""
    name = container.full_name
    if how == "connect":
        docker("network", "connect", "--ip", container.address, network.NAME, name)
        state = docker("inspect", "--format", "{{.State.Status}}", name).strip()
        how = action("", Found(state, "", connected=True))
    if how == "start":
        docker("start", name)
    elif how == "unpause":
        docker("unpause", name)


def remove(full_names: list[str]) -> None:
    """Remove containers with their volumes, running or not."""
    at_once(_remove, full_names)


def _remove(full_name: str) -> None:
    # The engine gives up where processes need longer to end than it waits; what it says of the
    # last try is the reason.
    for _ in range(3):
        with suppress(LabError):
            docker("rm", "--force", "--volumes", full_name)
            return
        sleep(2)
    docker("rm", "--force", "--volumes", full_name)
