"""The way of a host's apt to its packages: through the fleet's cache, and without it if need be."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import rackwright.packages
from rackwright.change import Change
from rackwright.distro import ARCHIVE_DOMAIN
from rackwright.look.observed import Observed
from rackwright.marks import (
    APT_CACHE,
    APT_PROXY,
    APT_PROXY_CONF,
    CACHE_FILES,
    CACHE_SERVER_FILES,
    DOCKER_LISTS,
)
from rackwright.packages.mirror_choice import archive_of
from rackwright.settings import Settings
from rackwright.settings.cache import APT_PORT, Cache

SCRIPT = Path(rackwright.packages.__path__[0]) / "apt_proxy.sh"
_CONF = f"""// Written by Rackwright, which overwrites it.
Acquire::http::Proxy-Auto-Detect "{APT_PROXY}";
"""


@dataclass(frozen=True)
class AptCacheStep:
    """Texts of files by path, and files that go."""

    files: Mapping[str, str]
    gone: tuple[str, ...]
    changes: tuple[Change, ...]


def apt_cache_step(settings: Settings, observed: Observed) -> AptCacheStep | None:
    """What leads apt to the cache, or back; None when it goes the right way."""
    cache = settings.cache
    if cache is None:
        return apt_cache_back(observed, "cache_host is not asked for any more")
    wanted = {
        APT_CACHE: f"{cache.address} {APT_PORT} {' '.join(_known(settings, observed, cache))}\n",
        APT_PROXY: SCRIPT.read_text(),
        APT_PROXY_CONF: _CONF,
    }
    if settings.docker_source == "repository":
        wanted[DOCKER_LISTS[observed.distro]] = _docker_list(settings, observed, cache)
    there = observed.cache.files
    files = {path: text for path, text in wanted.items() if there.get(path) != text}
    stale = _ours(observed) - set(wanted)
    if not files and not stale:
        return None
    reason = "cache_host names the fleet's cache"
    change = Change(
        "cache",
        "apt",
        "through another cache" if APT_CACHE in there else "by itself",
        f"through {cache.apt} where that answers",
        reason,
    )
    return AptCacheStep(files, tuple(sorted(stale)), (change,))


def apt_cache_back(observed: Observed, reason: str) -> AptCacheStep | None:
    """The way back; None when apt goes no way of ours."""
    ours = _ours(observed)
    if not ours:
        return None
    change = Change("cache", "apt", "through the fleet's cache", "by itself", reason)
    # The configuration goes before the script that it names.
    gone = tuple(path for path in CACHE_FILES if path in ours)
    return AptCacheStep({}, gone, (change,))


def apt_cache_notes(settings: Settings, observed: Observed) -> tuple[str, ...]:
    """What goes past the cache, for the admin to know."""
    if settings.cache is None:
        return ()
    https = {uri for uri in _own_uris(settings, observed) if uri.startswith("https:")}
    return tuple(
        f"{uri} goes past the cache of packages, which keeps nothing that is fetched over https; "
        "its packages are signed, so http would do"
        for uri in sorted(https)
    )


def _docker_list(settings: Settings, observed: Observed, cache: Cache) -> str:
    # apt-transport-mirror(1): the next one where one fails. To the cache alone one says HTTPS///
    # for what it has to fetch over https (the manual of apt-cacher-ng, "Access to SSL remotes").
    url = f"{settings.docker_repo_url}/{observed.distro}"
    scheme, _, rest = url.partition("://")
    through = f"{cache.apt}/{'HTTPS///' if scheme == 'https' else ''}{rest}"
    return f"{through}\tpriority:1\n{url}\tpriority:2\n"


def _known(settings: Settings, observed: Observed, cache: Cache) -> list[str]:
    uris = (urlsplit(uri) for uri in _own_uris(settings, observed) if uri.startswith("http:"))
    named = {uri.netloc.rpartition("@")[2] for uri in uris if (uri.port or 80) in cache.ports}
    return [f".{ARCHIVE_DOMAIN[observed.distro]}", *sorted(named)]


def _own_uris(settings: Settings, observed: Observed) -> list[str]:
    found = archive_of(settings, observed)
    return [uri for path, text in found.texts.items() for uri in found.uris(path, text)]


def _ours(observed: Observed) -> set[str]:
    return set(observed.cache.files) - set(CACHE_SERVER_FILES)
