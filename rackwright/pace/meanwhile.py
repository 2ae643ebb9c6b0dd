"""What a run needs later is imported while its hosts are waited for."""

from collections.abc import Iterable
from importlib import import_module
from typing import Final

import gevent

# What looks at a host, for while it is connected to.
LOOKS: Final = ("rackwright.look.observed", "rackwright.looking", "rackwright.host_plan")
# What makes plans and reports, for while it answers; parts that others are made of come first.
PLANS: Final = (
    "rackwright.plan",
    "rackwright.exact_plan",
    "rich.table",
    "rackwright.report.ending",
)


def import_meanwhile(names: Iterable[str]) -> None:
    """Import them one by one, each when no host has anything to say; for a greenlet of its own."""
    for name in names:
        gevent.idle()
        import_module(name)
