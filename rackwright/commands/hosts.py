"""check, lock and bundle: what hosts are held to."""

from pathlib import Path
from typing import Annotated

import typer

from rackwright.commands import add
from rackwright.commands.arguments import EVERY, Exclude, Inventory, Limit, Report
from rackwright.commands.pace import PARALLEL, Data, HostTimeout, Json, Parallel, Silence


def register(app: typer.Typer) -> None:
    """Add these commands."""
    add(app, check, "check inventory/lab.py --limit 'gpu-*'")
    add(app, lock, "lock inventory/lab.py")
    add(app, bundle, "bundle inventory/lab.py -o bundles/lab")


def check(
    inventory: Inventory,
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
    data: Data = EVERY,
    parallel: Parallel = PARALLEL,
    host_timeout: HostTimeout = None,
    silence: Silence = None,
    report: Report = None,
    json: Json = False,
) -> int:
    """Compare hosts with their settings and their lock file; change nothing."""
    from rackwright.check import check_fleet
    from rackwright.pace.fleet import Request

    request = Request(
        inventory, limit, exclude, data, parallel, host_timeout, silence, report, json
    )
    return check_fleet(request)


def lock(inventory: Inventory, limit: Limit = EVERY, exclude: Exclude = EVERY) -> int:
    """Write down exact versions and hashes beside the inventory, in NAME.lock.json."""
    from rackwright.lock.make import lock_fleet

    return lock_fleet(inventory, limit, exclude)


def bundle(
    inventory: Inventory,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The bundle.")],
    limit: Limit = EVERY,
    exclude: Exclude = EVERY,
) -> int:
    """Collect all that hosts without a network need: packages, keys and images, checked."""
    from rackwright.bundle.make import bundle_fleet

    return bundle_fleet(inventory, limit, exclude, output)
