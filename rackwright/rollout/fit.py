"""Whether a host is fit after a wave. Pure."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from rackwright.gpu.health import findings
from rackwright.guard import ASKED
from rackwright.look.observed import Observed
from rackwright.plan import Plan
from rackwright.settings import Settings


class Before(BaseModel):
    """A host before its wave: the containers that must run afterwards, and what ails its GPUs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    containers: tuple[str, ...] = ()
    gpus: tuple[str, ...] = ()


def before(seen: Observed, settings: Settings, plan: Plan | None) -> Before:
    """What a host must be measured by.

    Containers may be gone that the plan is asked to stop, or waits for until they have ended.
    """
    gone = {*_asked(plan), *plan.ending} if plan else ()
    return Before(
        containers=tuple(name for name in _running(seen) if name not in gone),
        gpus=tuple(map(str, findings(seen.gpus, settings))),
    )


def unfit(then: Before, now: Observed, settings: Settings) -> list[str]:
    """What is wrong with a host that was not wrong before, half a sentence each."""
    wrong = [] if now.engine else ["Docker does not answer"]
    if gone := sorted(set(then.containers) - set(_running(now))):
        wrong.append(f"these containers ran before, and do not run now: {', '.join(gone)}")
    ills = map(str, findings(now.gpus, settings))
    return [*wrong, *(ill for ill in ills if ill not in then.gpus)]


def _asked(plan: Plan) -> Iterable[str]:
    return (name for change in plan.changes if change.task in ASKED for name in change.stops)


def _running(seen: Observed) -> Iterable[str]:
    return (*(seen.engine.containers if seen.engine else ()), *seen.rootless_containers)
