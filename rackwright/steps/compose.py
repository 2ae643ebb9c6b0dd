"""Compose projects: which are brought up and which are taken down."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ValidationError

from rackwright.change import Change, Impact
from rackwright.laptop.passwords import Passwords
from rackwright.look.observed import Observed
from rackwright.look.workload import FoundContainer, Workload
from rackwright.marks import COMPOSE
from rackwright.settings import Settings
from rackwright.settings.compose import ComposeProject, RenderedProject
from rackwright.steps.secrets import changed, kept


class Applied(BaseModel, frozen=True):
    """What a host remembers of a project that came up; `secrets` is what is kept of them."""

    made_of: str = ""
    secrets: str = ""


@dataclass(frozen=True)
class ComposeAction:
    """What is done to a project; `applied` is what the host then remembers of it."""

    act: Literal["up", "down"]
    name: str
    project: ComposeProject
    content: str = ""
    applied: str = ""

    @property
    def title(self) -> str:
        """What is true afterwards."""
        return f"Compose project {self.name} is {self.act}"


@dataclass(frozen=True)
class ComposeStep:
    """What is done, in the order of the settings."""

    actions: tuple[ComposeAction, ...]
    changes: tuple[Change, ...]


def compose_step(
    settings: Settings, observed: Observed, passwords: Passwords | None
) -> ComposeStep | None:
    """What has to be done; None when all projects are as they should be.

    Without `passwords`, a changed secret is not noticed.
    """
    found = observed.workload or Workload()
    actions: list[ComposeAction] = []
    changes: list[Change] = []
    for name, project in settings.docker_compose.items():
        there = _containers(name, found)
        if project.state == "absent":
            if name in found.projects or there:
                actions.append(ComposeAction("down", name, project))
                changes.append(_change(name, "down, its volumes stay", "absent", there))
        elif isinstance(project, RenderedProject) and (
            reason := _reason(name, project, found, passwords)
        ):
            applied = Applied(made_of=_made_of(project), secrets=kept(project.secrets, passwords))
            text = applied.model_dump_json()
            actions.append(ComposeAction("up", name, project, project.content, text))
            changes.append(_change(name, "up", reason, there))
    return ComposeStep(tuple(actions), tuple(changes)) if actions else None


def compose_refusals(settings: Settings, found: Workload) -> Iterator[str]:
    """Why projects cannot be as these settings have them."""
    for name in settings.docker_compose:
        if [each for each in found.containers.values() if _foreign(name, each)]:
            yield (
                f"docker_compose.{name}: a compose project of this name is on the host, and "
                "Rackwright did not bring it up; give yours another name, or take that one down"
            )


def compose_notes(settings: Settings, found: Workload) -> Iterator[str]:
    """Projects of ours that no settings name any more."""
    for name in found.projects:
        if name not in settings.docker_compose:
            yield (
                f"the compose project {name} is not in docker_compose any more, and stays; to take "
                f'it down, write "{name}": {{"state": "absent"}}'
            )


def _reason(
    name: str, project: RenderedProject, found: Workload, passwords: Passwords | None
) -> str:
    there = found.projects.get(name)
    if there is None:
        return "docker_compose names it"
    try:
        applied = Applied.model_validate_json(there.applied)
    except ValidationError:
        return "an earlier run did not get to its end"
    if applied.made_of != _made_of(project):
        return "its file or env changed"
    if there.file != hashlib.sha256(project.content.encode()).hexdigest():
        return "somebody changed its file on the host"
    if new := changed(project.secrets, applied.secrets, passwords):
        return f"{', '.join(new)} {'has' if len(new) == 1 else 'have'} another value now"
    missing = [each for each in there.needs if not _well(found.containers.get(each))]
    if missing and found.answers:
        return f"{', '.join(missing)} {'does' if len(missing) == 1 else 'do'} not run, or not well"
    return ""


def _made_of(project: RenderedProject) -> str:
    text = json.dumps([project.content, sorted(project.env.items()), sorted(project.secrets)])
    return hashlib.sha256(text.encode()).hexdigest()


def _well(there: FoundContainer | None) -> bool:
    return there is not None and there.state == "running" and there.health != "unhealthy"


def _containers(name: str, found: Workload) -> list[FoundContainer]:
    return [
        each
        for each in found.containers.values()
        if each.project == name and not _foreign(name, each)
    ]


def _foreign(name: str, there: FoundContainer) -> bool:
    return there.project == name and there.file != f"{COMPOSE}/{name}/compose.yaml"


def _change(name: str, after: str, reason: str, there: list[FoundContainer]) -> Change:
    running = tuple(sorted(each.name for each in there if each.running))
    before = f"{len(running)} of {len(there)} containers run" if there else "absent"
    reason = "its state is to be absent" if reason == "absent" else reason
    impact = Impact.RESTART if running else Impact.NONE
    return Change("compose", name, before, after, reason, impact, running)
