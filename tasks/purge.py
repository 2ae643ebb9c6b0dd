"""pyinfra INVENTORY tasks.purge.purge: a Docker host becomes a bare one."""

from pyinfra import host

from rackwright.purge_run import purge_host
from tasks.begin import begin
from tasks.cache_gone import cache_gone
from tasks.end import end
from tasks.pip import pip
from tasks.purge_access import purge_access
from tasks.purge_data import purge_data
from tasks.purge_end import purge_end
from tasks.purge_packages import purge_packages
from tasks.purge_repository import purge_repository
from tasks.repair import repair
from tasks.sources import sources


def purge(**said: bool) -> None:
    """Take Docker and what Rackwright made off the host of this moment.

    `data=true` says that images, containers and volumes go too, `config=true` that files with
    credentials do, `stop_containers=true` that running containers may be stopped. Raises
    DeployError when settings or words are wrong; a host that must not be touched is failed.
    """
    planned = purge_host(host, **said)
    if planned is None:
        return
    plan, settings, words, sudo = planned
    begin(plan=plan, _sudo=sudo)
    repair(plan=plan, _sudo=sudo)
    sources(plan=plan, _sudo=sudo)
    pip(plan=plan, _sudo=sudo)
    purge_packages(plan=plan, _sudo=sudo)
    purge_data(plan=plan, _sudo=sudo)
    purge_access(plan=plan, _sudo=sudo)
    purge_repository(plan=plan, _sudo=sudo)
    cache_gone(plan=plan, _sudo=sudo)
    purge_end(plan=plan, settings=settings, words=words, _sudo=sudo)
    end(plan=plan, _sudo=sudo)
