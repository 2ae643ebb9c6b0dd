"""Every task once, in the order in which a host needs them: a part of converge."""

from rackwright.plan import Plan
from rackwright.settings import Settings
from tasks.begin import begin
from tasks.builds import builds
from tasks.bundle import bundle
from tasks.bundle_image import bundle_image
from tasks.cache import cache
from tasks.cache_gone import cache_gone
from tasks.conflicts import conflicts
from tasks.daemon import daemon
from tasks.driver import driver
from tasks.end import end
from tasks.engine import engine
from tasks.gpus import gpus
from tasks.hold import hold
from tasks.images import images
from tasks.lists import lists
from tasks.lock import lock
from tasks.logins import logins
from tasks.mirrors import mirrors
from tasks.pip import pip
from tasks.prune import prune
from tasks.repair import repair
from tasks.repository import repository
from tasks.rootless import rootless
from tasks.service import service
from tasks.sources import sources
from tasks.toolkit import toolkit
from tasks.unit import unit
from tasks.users import users
from tasks.verify import verify
from tasks.workload import workload


def every(plan: Plan, settings: Settings, sudo: bool) -> None:
    """Carry out the plan of the host of this moment."""
    begin(plan=plan, _sudo=sudo)
    repair(plan=plan, _sudo=sudo)
    sources(plan=plan, _sudo=sudo)
    pip(plan=plan, _sudo=sudo)
    cache(plan=plan, _sudo=sudo)
    repository(plan=plan, _sudo=sudo)
    lists(plan=plan, _sudo=sudo)
    lock(plan=plan, _sudo=sudo)
    bundle(plan=plan, _sudo=sudo)
    conflicts(plan=plan, _sudo=sudo, _env=plan.apt_environment)
    mirrors(plan=plan, _sudo=sudo)
    toolkit(plan=plan, _sudo=sudo)
    daemon(plan=plan, _sudo=sudo)
    unit(plan=plan, _sudo=sudo)
    engine(plan=plan, _sudo=sudo, _env=plan.apt_environment)
    driver(plan=plan, _sudo=sudo)
    hold(plan=plan, _sudo=sudo)
    service(plan=plan, settings=settings, _sudo=sudo)
    gpus(plan=plan, _sudo=sudo)
    cache_gone(plan=plan, _sudo=sudo)
    users(plan=plan, _sudo=sudo)
    logins(plan=plan, _sudo=sudo)
    bundle_image(plan=plan, _sudo=sudo)
    images(plan=plan, settings=settings, _sudo=sudo)
    builds(plan=plan, _sudo=sudo)
    workload(plan, sudo)
    prune(plan=plan, _sudo=sudo)
    rootless(plan=plan, _sudo=sudo)
    verify(plan=plan, settings=settings, _sudo=sudo)
    end(plan=plan, _sudo=sudo)
