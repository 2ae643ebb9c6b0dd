"""Where Docker's data lies, and what another place for it would leave behind."""

import re
from posixpath import normpath

from rackwright.distro import ENGINES
from rackwright.look.observed import Observed
from rackwright.steps.daemon import Keys, read
from rackwright.steps.engine import ENGINE
from rackwright.steps.unit import CONTAINERD_DROP_IN, UnitStep

DATA_ROOT = "/var/lib/docker"
CONTAINERD_ROOT = "/var/lib/containerd"


def left_behind(goal: Keys, keys: Keys, observed: Observed, unit: UnitStep | None) -> str | None:
    """What would lie unseen in its old place, as a sentence; None when it is nothing.

    `goal` is what Rackwright wants in daemon.json, `keys` all that is going to be in it. A daemon
    that does not run cannot say what it holds, so it counts as holding something. Raises
    DaemonJsonError as daemon_step does.
    """
    written, new = _root(read(observed.daemon_json)), _root(keys)
    asked = "data-root" in goal or new != written
    running = observed.engine
    if running is None:
        if new != written and {ENGINE, *ENGINES} & set(observed.packages):
            sentence = "Docker does not run, so what would stay behind in {} is not known; start it"
            return sentence.format(written)
        return None
    if not running.holds:
        return None
    if asked and new != running.data_root:
        return _sentence(running.holds, running.data_root, new)
    if running.images_in_containerd and unit and unit.moves_containerd:
        old = _containerd_root(observed.drop_ins.get(CONTAINERD_DROP_IN))
        return _sentence(running.holds, old, _containerd_root(unit.files[CONTAINERD_DROP_IN]))
    return None


def _sentence(what: str, old: str, new: str) -> str:
    return f"{what} would stay behind in {old}, unseen from {new}; move them yourself"


def _root(keys: Keys) -> str:
    return normpath(str(keys.get("data-root", DATA_ROOT)))


def _containerd_root(drop_in: str | None) -> str:
    found = re.search(r"--root (\S+)", drop_in or "")
    return found[1] if found else CONTAINERD_ROOT
