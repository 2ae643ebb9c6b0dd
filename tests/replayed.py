"""A fleet of any size for tests, pictures and benchmarks of the report; no host is asked.

What the hosts answered was recorded on real practice hosts (tests/recorded/), and goes through the
parser and the plan as it always does. Made up, that is simulated, is how often each kind of host is
there, who is out of reach, what failed, and who has GPUs (those of gpu-dgx.txt).
"""

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from rackwright.look.answer import parse, values_by_key
from rackwright.look.gpu_answer import parse_gpus
from rackwright.look.mirrors import Live, ProbedMirrors
from rackwright.look.observed import Observed, ProbeError
from rackwright.planning import plan
from rackwright.report.facts import changes, containers, facts, gpus
from rackwright.report.lines import plan_summary
from rackwright.report.outcome import Outcome
from rackwright.report.record import ErrorRecord, Gpu, HostRecord, RunRecord, StepRecord
from rackwright.settings import Settings
from rackwright.steps.mirrors import needs_probe

RECORDED: Final = Path(__file__).parent / "recorded"
STARTED: Final = datetime(2026, 11, 25, 3, 0, 12, tzinfo=UTC)
RIGHT: Final = (
    "converged-debian13",
    "converged-ubuntu24",
    "running-debian12",
    "converged-debian13",
    "converged-debian12",
)
# Of fifty hosts, which are not as they should be.
WRONG: Final = {
    1: "dirty-debian12",
    4: "unreachable",
    9: "bare-debian13",
    21: "bare-ubuntu24",
    27: "no-sudo",
    33: "half-debian13",
    38: "failed",
}


def replayed(count: int) -> RunRecord:
    """The record of a run on so many hosts."""
    return RunRecord(
        id="20261125T030012Z-replayed",
        rackwright="0.1.0",
        command="pyinfra -y inventory/fleet.py deploy.py",
        inventory="inventory/fleet.py",
        who="alice",
        where="laptop",
        started=STARTED,
        finished=STARTED + timedelta(seconds=151),
        hosts=tuple(_host(number) for number in range(count)),
    )


def _host(number: int) -> HostRecord:
    kind = WRONG.get(number % 50, RIGHT[number % len(RIGHT)])
    group = ("web", "gpu", "build")[number % 3]
    one = _of_kind(kind)
    if group == "gpu" and one.facts:
        one = one.model_copy(update={"facts": one.facts.model_copy(update={"gpus": _gpus()})})
    return one.model_copy(update={"name": f"{group}-{number + 1}", "groups": (group,)})


@cache
def _gpus() -> tuple[Gpu, ...]:
    return gpus(parse_gpus(values_by_key((RECORDED / "gpu-dgx.txt").read_text().splitlines())))


@cache
def _of_kind(kind: str) -> HostRecord:
    if kind == "unreachable":
        reason = "could not connect (timed out); try: ssh -p 22 -- admin@192.0.2.5"
        error = ErrorRecord(step="connect", reason=reason)
        return HostRecord(name="-", outcome=Outcome.UNREACHABLE, error=error)
    if kind == "failed":
        return _failed(_of_kind("bare-debian13"))
    try:
        return _planned(kind)
    except ProbeError as error:
        why = ErrorRecord(step="plan", reason=str(error))
        look = (StepRecord(name="Look", result="failed", seconds=0.31),)
        return HostRecord(name="-", outcome=Outcome.FAILED, error=why, steps=look, seconds=0.31)


def _planned(kind: str) -> HostRecord:
    seen = _seen(kind)
    right = seen if kind in RIGHT else _seen(RIGHT[0])
    mirror = "".join(right.engine.registry_mirrors if right.engine else ()).rstrip("/")
    settings = Settings(
        docker_repo_url=mirror.replace("5000", "8080/linux"),
        docker_key_fingerprint=next(iter(right.keyring or ())),
        docker_registry_mirrors=(mirror,),
        docker_mirror_reference=mirror,
        docker_users=("alice",),
    )
    probed = ProbedMirrors({mirror: Live(3, "sha256:0")}, "sha256:0")
    planned = plan(settings, seen, probed if needs_probe(settings, seen) else None)
    steps = tuple(_steps(kind) if planned.changes else _steps("bare-debian13")[:1])
    return HostRecord(
        name="-",
        outcome=Outcome.CHANGED if planned.changes else Outcome.UNCHANGED,
        summary=plan_summary(planned),
        drifted=bool(planned.changes),
        changes=changes(planned),
        notes=planned.notes,
        steps=steps,
        seconds=round(sum(step.seconds or 0 for step in steps), 3),
        facts=facts(seen),
        containers=containers(seen),
    )


def _seen(kind: str) -> Observed:
    return parse((RECORDED / f"{kind}.txt").read_text().splitlines())


def _steps(kind: str) -> list[StepRecord]:
    recorded = json.loads((RECORDED / "steps.json").read_text())
    steps = recorded.get(kind, recorded["bare-debian13"])
    return [StepRecord(name=name, result=how, seconds=took) for name, how, took in steps]


def _failed(host: HostRecord) -> HostRecord:
    """As it would be if the disk had been full: simulated."""
    at = next(index for index, step in enumerate(host.steps) if step.name.startswith("Engine"))
    step = host.steps[at].model_copy(update={"result": "failed", "seconds": 8.214})
    left = [
        each.model_copy(update={"result": "not reached", "seconds": None})
        for each in host.steps[at + 1 :]
    ]
    reason = "E: You don't have enough free space in /var/cache/apt/archives/."
    output = (
        "Reading package lists...",
        "Building dependency tree...",
        "Reading state information...",
        "The following NEW packages will be installed:",
        "  containerd.io docker-buildx-plugin docker-ce docker-ce-cli docker-compose-plugin",
        "Need to get 98.4 MB of archives.",
        "After this operation, 379 MB of additional disk space will be used.",
        reason,
    )
    return host.model_copy(
        update={
            "outcome": Outcome.FAILED,
            "error": ErrorRecord(step=step.name, reason=reason, output=output),
            "steps": (*host.steps[:at], step, *left),
        }
    )
