"""The record of a run: what report.json holds, and what all other forms of a report are made of.

Its JSON schema is docs/report.schema.json. A field that is new makes no new version; one that goes,
or means something else, does.
"""

from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from rackwright.report.outcome import Outcome
from rackwright.report.text import Text

VERSION: Final = 1

Impact = Literal["none", "reload", "restart", "reboot", "data loss"]
StepResult = Literal["changed", "unchanged", "failed", "unfinished", "not reached"]


class _Part(BaseModel):
    # Whoever reads a report of a newer Rackwright gets what is known here.
    model_config = ConfigDict(extra="ignore", frozen=True)


class ChangeRecord(_Part):
    """A change of a host's plan; whether it was made is told by the host's outcome."""

    task: Text = Field(description="The task that makes it.")
    what: Text = Field(description="The file, package, setting or user that is changed.")
    before: Text = Field(description="What the host had.")
    after: Text = Field(description="What the settings ask for.")
    reason: Text = Field(description="Why.")
    impact: Impact = Field("none", description="What it costs whoever uses the host.")
    stops: tuple[Text, ...] = Field((), description="Running containers that it stops.")


class StepRecord(_Part):
    """A step of a host's run, in the order of the run."""

    name: Text = Field(description='"TASK | operation", as pyinfra prints it.')
    result: StepResult = Field(
        description="unfinished: begun, and then the run ended; not reached: never begun."
    )
    seconds: float | None = Field(None, ge=0, description="Wall time; null when it was not taken.")


class ErrorRecord(_Part):
    """Why a host is not right."""

    step: Text = Field(description="Where it failed; may be empty.")
    reason: Text = Field(description="What happened, and what to do.")
    output: tuple[Text, ...] = Field((), description="The last lines that the step printed.")


class Gpu(_Part):
    """A graphics processor."""

    name: Text = Field(description="Its model.")
    driver: Text | None = Field(None, description="Version of the driver; null without one.")
    memory_mib: int | None = Field(None, ge=0, description="Its memory in MiB, where known.")


class Facts(_Part):
    """What the host was when it was looked at last."""

    distro: Text = Field(description="ID of os-release(5).")
    release: Text = Field(description="VERSION_ID of os-release(5).")
    codename: Text = Field(description="VERSION_CODENAME of os-release(5).")
    architecture: Text = Field(description="As dpkg calls it.")
    engine: Text | None = Field(None, description="Version of the Docker that answers, if any.")
    mirrors: tuple[Text, ...] = Field((), description="Registry mirrors in force.")
    gpus: tuple[Gpu, ...] | None = Field(None, description="null when nobody looked for them.")


class ContainerRecord(_Part):
    """A container that was running when the host was looked at last."""

    name: Text = Field(description="Its name; USER/NAME on a user's own Docker.")
    image: Text = Field("", description="As docker ps shows it; empty when it was not asked.")
    state: Text = Field("running", description="Docker's word.")


class HostRecord(_Part):
    """One host of the inventory."""

    name: Text = Field(description="Its name in the inventory.")
    groups: tuple[Text, ...] = Field((), description="Its groups in the inventory.")
    outcome: Outcome = Field(description="not asked: left out by --limit or --exclude.")
    summary: Text = Field("", description="The plan in half a sentence.")
    drifted: bool | None = Field(
        None, description="Whether it differed from its settings; null when it was not compared."
    )
    changes: tuple[ChangeRecord, ...] = Field((), description="Its plan.")
    notes: tuple[Text, ...] = Field((), description="What is left as it is, and why.")
    steps: tuple[StepRecord, ...] = Field((), description="What was run, in order.")
    seconds: float | None = Field(None, ge=0, description="All its steps together.")
    error: ErrorRecord | None = Field(None, description="Why it is not right.")
    facts: Facts | None = Field(None, description="null when it could not be looked at.")
    containers: tuple[ContainerRecord, ...] = Field((), description="What was running on it.")


class RunRecord(_Part):
    """A run, with every host of its inventory."""

    schema_version: Literal[1] = Field(VERSION, description="Of this schema.")
    id: Text = Field(description="When it started (UTC), and a number that no other run has.")
    rackwright: Text = Field(description="Version of Rackwright.")
    command: Text = Field(description="The command line, its secrets hidden.")
    inventory: Text = Field(description="Path of the inventory as it was given.")
    inventory_file: Text = Field("", description="Its absolute path; empty when it was no file.")
    who: Text = Field(description="The user who ran it.")
    where: Text = Field(description="The machine that it was run from.")
    started: AwareDatetime = Field(description="UTC.")
    finished: AwareDatetime = Field(description="UTC.")
    exit_code: int | None = Field(
        None,
        description="Of the rackwright command; null under pyinfra's own, whose code comes after "
        "the report: 1 when a host failed, 130 when it was stopped with Ctrl-C.",
    )
    hosts: tuple[HostRecord, ...] = Field(description="Every host of the inventory, by name.")
