"""The host shows that nothing is left, and forgets the run."""

from pyinfra.api import deploy
from pyinfra.operations import server

from rackwright.marks import STATE
from rackwright.plan import Plan
from rackwright.purge_run import purged
from rackwright.settings import Settings
from rackwright.steps.purge import Words


@deploy("Purge end")
def purge_end(plan: Plan, settings: Settings, words: Words) -> None:
    """A second look finds nothing to take away; our own folder goes last."""
    if plan.empty:
        return
    purged(name="A second look finds nothing left", settings=settings, words=words)
    server.shell(name=f"{STATE} is gone", commands=[f"rm -rf {STATE}"])
