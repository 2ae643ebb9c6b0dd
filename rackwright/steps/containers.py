"""Containers: which are made, made anew, started, stopped and removed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rackwright.change import Change, Impact
from rackwright.docker import docker_create
from rackwright.laptop.passwords import Passwords
from rackwright.look.observed import Observed
from rackwright.look.workload import FoundContainer, Workload
from rackwright.settings import Settings
from rackwright.settings.containers import Container
from rackwright.steps.secrets import changed, kept

# What containers.sh does; `make` replaces the container where it is there already.
Act = Literal["make", "start", "restart", "stop", "remove"]
_DONE: dict[Act, str] = {
    "make": "is as the settings have it",
    "start": "runs",
    "restart": "is started anew",
    "stop": "is stopped",
    "remove": "is gone",
}


@dataclass(frozen=True)
class ContainerAction:
    """What is done to one container; `secrets` is what the host keeps of its secrets."""

    act: Act
    name: str
    container: Container
    secrets: str = ""

    @property
    def title(self) -> str:
        """What is true afterwards."""
        return f"Container {self.name} {_DONE[self.act]}"


@dataclass(frozen=True)
class ContainersStep:
    """What is done, in the order of the settings: who is needed by others stands before them."""

    actions: tuple[ContainerAction, ...]
    changes: tuple[Change, ...]


def containers_step(
    settings: Settings,
    observed: Observed,
    passwords: Passwords | None,
    renewed: frozenset[str] = frozenset(),
) -> ContainersStep | None:
    """What has to be done; None when all containers are as they should be.

    Without `passwords`, a changed secret is not noticed. `renewed` are names that mean other images
    by the time at which the containers are made.
    """
    found = observed.workload or Workload()
    needed = [
        (ContainerAction(act, name, wanted, kept(wanted.secrets, passwords)), reason)
        for name, wanted in settings.docker_containers.items()
        for act, reason in _needed(name, wanted, found, passwords, renewed)
    ]
    if not needed:
        return None
    return ContainersStep(
        tuple(action for action, _ in needed),
        tuple(_change(action, reason, found) for action, reason in needed),
    )


def made_anew(step: ContainersStep | None) -> frozenset[str]:
    """The containers that are removed, or replaced by one of another image."""
    acts = step.actions if step else ()
    return frozenset(each.name for each in acts if each.act in ("make", "remove"))


def container_refusals(settings: Settings, found: Workload) -> Iterator[str]:
    """Why containers cannot be as these settings have them."""
    for name, wanted in settings.docker_containers.items():
        for each in (name, *_of_a_replacement(name)):
            if each in found.containers and not found.containers[each].ours:
                yield (
                    f"docker_containers.{name}: a container {each} is on the host, and Rackwright "
                    "did not make it; give yours another name, or rename or remove that one"
                )
        if wanted.state == "absent" or not found.answers:
            continue
        for network in wanted.networks:
            if network not in (*found.networks, *settings.docker_networks):
                yield (
                    f"docker_containers.{name}.networks: there is no network {network} on the "
                    "host; add it to docker_networks"
                )


def container_notes(settings: Settings, found: Workload) -> Iterator[str]:
    """Containers of ours that no settings name any more."""
    for name, there in found.containers.items():
        if there.ours and name.partition(".rackwright-")[0] not in settings.docker_containers:
            yield (
                f"the container {name} is not in docker_containers any more, and stays; to remove "
                f'it, write "{name}": {{"state": "absent"}}'
            )


def unfinished(name: str, found: Workload) -> bool:
    """Whether a run died while it replaced this container."""
    return any(each in found.containers for each in _of_a_replacement(name))


def _of_a_replacement(name: str) -> tuple[str, str]:
    return f"{name}.rackwright-old", f"{name}.rackwright-new"


def _needed(
    name: str,
    wanted: Container,
    found: Workload,
    passwords: Passwords | None,
    renewed: frozenset[str],
) -> Iterator[tuple[Act, str]]:
    there = found.containers.get(name)
    if wanted.state == "absent":
        if there or unfinished(name, found):
            yield "remove", "its state is to be absent"
    elif reason := _reason_to_make(name, wanted, found, passwords, renewed):
        yield "make", reason
    elif there and wanted.state == "stopped" and there.running:
        yield "stop", "its state is to be stopped"
    elif there and wanted.state == "running" and there.state != "running":
        yield "start", "it is to run"
    elif there and wanted.state == "running" and there.health == "unhealthy":
        yield "restart", "its healthcheck fails"


def _reason_to_make(
    name: str,
    wanted: Container,
    found: Workload,
    passwords: Passwords | None,
    renewed: frozenset[str],
) -> str:
    there = found.containers.get(name)
    if unfinished(name, found):
        return "an earlier run did not get to its end"
    if there is None:
        return "docker_containers names it"
    if there.spec != (new := docker_create.fingerprint(wanted)):
        other = docker_create.differing(there.spec, new)
        return f"{', '.join(other)} changed" if other else "it was made of other settings"
    if secrets := changed(wanted.secrets, there.secrets, passwords):
        return f"{', '.join(secrets)} {'has' if len(secrets) == 1 else 'have'} another value now"
    if there.moved or wanted.image in renewed:
        return f"{wanted.image} is another image now"
    return "" if there.state not in ("dead", "removing") else "Docker cannot use it any more"


def _change(action: ContainerAction, reason: str, found: Workload) -> Change:
    there = found.containers.get(action.name)
    before = _shown(there) if there else "absent"
    after = {"absent": "removed", "stopped": "stopped", "running": "running"}
    anew = ", made anew" if action.act == "make" and there else ""
    stops = (action.name,) if there and there.running and action.act != "start" else ()
    return Change(
        "containers",
        action.name,
        before,
        f"{after[action.container.state]}{anew}",
        reason,
        Impact.RESTART if stops else Impact.NONE,
        stops,
    )


def _shown(there: FoundContainer) -> str:
    return f"{there.state}, {there.health}" if there.health else there.state
