"""Where a host's packages come from."""

from dataclasses import replace

from rackwright.look.observed import Observed
from rackwright.packages.mirror_choice import source_notes
from rackwright.plan import Plan
from rackwright.settings import Settings
from rackwright.steps.apt_cache import apt_cache_notes, apt_cache_step
from rackwright.steps.gpu_toolkit import gpu_sources_step
from rackwright.steps.pip import pip_notes, pip_step
from rackwright.steps.repair import repair_step, with_repaired
from rackwright.steps.repository import repository_notes, repository_step
from rackwright.steps.sources import sources_step, with_new_sources


def with_ground(plan: Plan, settings: Settings, observed: Observed) -> tuple[Plan, Observed]:
    """The plan with its sources of packages, and the host as the steps after them find it."""
    sources = sources_step(settings, observed)
    seen = with_new_sources(observed, sources)
    repair = repair_step(seen)
    seen = with_repaired(seen)
    from_bundle = settings.docker_source == "bundle"
    repository = None if from_bundle else repository_step(settings, seen)
    notes = (
        *source_notes(settings, observed),
        *pip_notes(settings, observed),
        *apt_cache_notes(settings, seen),
        *repository_notes(settings, seen),
    )
    return (
        replace(
            plan,
            sources=sources,
            pip=pip_step(settings, observed),
            repair=repair,
            apt_cache=apt_cache_step(settings, seen),
            repository=repository,
            gpu_sources=gpu_sources_step(settings, seen, repository),
            notes=(*plan.notes, *notes),
        ),
        seen,
    )
