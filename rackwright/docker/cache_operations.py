"""What no stock operation does: the fleet's cache gets what a host is about to pull."""

from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Final
from weakref import WeakKeyDictionary

from gevent.lock import BoundedSemaphore
from pyinfra import host
from pyinfra.api import FunctionCommand, State, operation
from pyinfra.api.exceptions import PyinfraError

from rackwright.docker import CACHE_SH
from rackwright.host.error import HostError
from rackwright.host.remote import run
from rackwright.host.script import command
from rackwright.pace.connection import BROKEN
from rackwright.settings.cache import Cache

PATIENCE: Final = 1800  # seconds
_one_at_a_time = BoundedSemaphore()
# What a run has brought into the cache already.
_brought: WeakKeyDictionary[State, set[str]] = WeakKeyDictionary()


@operation(is_idempotent=False, idempotent_notice="The cache knows what it has.")
def in_the_cache(
    cache: Cache, images: Sequence[str], architecture: str
) -> Generator[FunctionCommand, None, None]:
    """The cache has these images of Docker Hub, each part of them fetched once.

    Whoever comes first has them fetched, over the connection to the cache; the others wait. Where
    the cache is not in this run, or cannot have them, a host's own pull shows what there is to say.
    """
    yield FunctionCommand(_bring, (cache, tuple(images), architecture), {})


def _bring(cache: Cache, images: Sequence[str], architecture: str) -> None:
    there = host.state.inventory.get_host(cache.name)
    with _one_at_a_time:
        if not there.connected:
            return
        brought = _brought.setdefault(host.state, set())
        missing = [image for image in images if f"{image} {architecture}" not in brought]
        if missing:
            words = (str(cache.registry_port), architecture, *missing)
            # Its turn may end meanwhile, and its connection with it.
            with suppress(HostError, PyinfraError, *BROKEN):
                run(there, command(CACHE_SH, *words), timeout=PATIENCE)
            brought.update(f"{image} {architecture}" for image in missing)
