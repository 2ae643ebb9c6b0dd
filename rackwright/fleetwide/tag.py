"""tag: one more name for an image, on all hosts."""

from collections.abc import Sequence
from pathlib import Path

from pyinfra.api import Host

from rackwright.fleetwide.hosts import on_each
from rackwright.host.remote import PATIENCE, run
from rackwright.host.script import command
from rackwright.host_lock.hold import Hold, asked

SCRIPT = Path(__file__).with_suffix(".sh")


def tag_fleet(
    inventory: str,
    limit: Sequence[str],
    exclude: Sequence[str],
    image: str,
    name: str,
    hold: Hold,
) -> int:
    """Let a name mean an image on all hosts; returns the exit code of `rackwright tag`.

    `name` is as Docker shows it, and `hold` is how hosts are held meanwhile.
    """
    shell = hold.around(command(SCRIPT, image, name), [asked("tag", name, f"tag of {image}")])

    def work(host: Host) -> str:
        return said(name, run(host, shell, PATIENCE + hold.wait))

    return on_each(inventory, limit, exclude, work)


def said(name: str, ids: Sequence[str]) -> str:
    """What became of the name, from the IDs that it has and had."""
    now, before = (*(each.removeprefix("sha256:")[:12] for each in ids if each), "")[:2]
    if before == now:
        return f"{name} was {now} already"
    return f"{name} is {now}{f', and was {before}' if before else ''}"
