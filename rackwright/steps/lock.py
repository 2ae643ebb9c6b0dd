"""The lock's hashes, compared before anything is installed: a version may be other bytes now."""

from collections.abc import Mapping
from dataclasses import dataclass

from rackwright.steps.engine import EngineStep


@dataclass(frozen=True)
class LockStep:
    """SHA-256 by what apt is asked for ("containerd.io=1.7.24-1")."""

    hashes: Mapping[str, str]


def lock_step(hashes: Mapping[str, str], engine: EngineStep | None) -> LockStep | None:
    """What to compare, of all the lock's hashes, before the engine step; None when that is none."""
    if engine is None:
        return None
    return LockStep({each: hashes[each] for each in engine.packages})
