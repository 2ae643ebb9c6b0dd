"""What a run needs once a host has answered is imported while all hosts are waited for."""

from importlib import import_module
from typing import Final

import gevent

# Parts that take a while, those first that others are made of.
LATER: Final = (
    "rackwright.look.observed",
    "rackwright.looking",
    "rackwright.planning",
    "rackwright.host_plan",
    "rich.table",
    "rackwright.report.ending",
)


def import_meanwhile() -> None:
    """Import them one by one, each when no host has anything to say; for a greenlet of its own."""
    for name in LATER:
        gevent.idle()
        import_module(name)
