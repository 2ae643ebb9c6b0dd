"""The hold on driver, toolkit and kernel as one set: what a host runs for it."""

from rackwright.gpu import DRIVER_SH
from rackwright.host.script import command
from rackwright.marks import HOLDS
from rackwright.packages.nvidia import SET_PATTERN
from rackwright.plan import Plan


def hold() -> str:
    """The command that holds all of the set that is there, and writes down which holds are ours."""
    return command(DRIVER_SH, "hold", HOLDS, SET_PATTERN)


def hold_again(plan: Plan, lifted: tuple[str, ...]) -> str:
    """What to run where the packages could not be installed whose hold was `lifted` before.

    It fails all the same. "" where no hold has to come back.
    """
    return f"{hold()}; false" if lifted and plan.hold and plan.hold.gpu else ""
