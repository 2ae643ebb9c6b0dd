"""The fleet's cache itself: a registry and a cache of packages, both the distribution's own."""

from collections.abc import Mapping
from dataclasses import dataclass

from rackwright.change import Change
from rackwright.look.cache_seen import SERVICES
from rackwright.look.observed import Observed
from rackwright.marks import CACHE_DROP_IN, CACHE_PACKAGES, CACHE_REGISTRY, CACHE_SERVER_FILES
from rackwright.settings import Settings
from rackwright.settings.cache import APT_PORT, Cache

DOCKER_HUB = "https://registry-1.docker.io"
IMAGES = "/var/lib/docker-registry"
# Each service has its package's name.
PACKAGES = SERVICES
_HEAD = "# Written by Rackwright, which overwrites it.\n"
_DROP_IN = f"""{_HEAD}[Service]
ExecStart=
ExecStart=/usr/bin/docker-registry serve {CACHE_REGISTRY}
Restart=always
"""


@dataclass(frozen=True)
class CacheStep:
    """Texts of files by path, packages to install, services to start or to start again."""

    files: Mapping[str, str]
    packages: tuple[str, ...]
    services: tuple[str, ...]
    ports: tuple[int, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class CacheGoneStep:
    """Files to take away, and packages with the images that their registry keeps."""

    files: tuple[str, ...]
    packages: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def folder(self) -> str:
        """Where the registry kept images; "" when none was here."""
        return IMAGES if self.packages else ""


def cache_step(
    settings: Settings, observed: Observed, mirrors: tuple[str, ...] | None
) -> CacheStep | None:
    """What makes this host the cache; None when it is one, or is not to be.

    `mirrors` are those that the host uses; the registry gets images from the first that is not
    itself, and else from Docker Hub.
    """
    cache = settings.cache
    if cache is None or not cache.serves:
        return None
    upstream = next((url for url in mirrors or () if url != cache.registry), DOCKER_HUB)
    wanted = {
        CACHE_DROP_IN: _DROP_IN,
        CACHE_REGISTRY: _registry(cache, upstream),
        CACHE_PACKAGES: _packages(cache),
    }
    files = {path: text for path, text in wanted.items() if observed.cache.files.get(path) != text}
    missing = tuple(name for name in PACKAGES if not _whole(name, observed))
    still = [name for name in SERVICES if name not in observed.cache.running]
    services = tuple(name for name in SERVICES if name in still or _concerned(name, files))
    reason = "cache_host names this host"
    changes = [Change("cache", name, "not installed", "newest", reason) for name in missing]
    changes += [
        Change("cache", path, "other" if path in observed.cache.files else "absent", after, reason)
        for path, after in (
            (CACHE_DROP_IN, "written"),
            (CACHE_REGISTRY, f"images of {upstream}, on port {cache.registry_port}"),
            (CACHE_PACKAGES, f"packages from ports {', '.join(map(str, cache.ports))}"),
        )
        if path in files
    ]
    changes += [
        Change("cache", name, "does not run", "runs", reason)
        for name in still
        if name not in missing
    ]
    if not changes:
        return None
    ports = (cache.registry_port, APT_PORT)
    return CacheStep(files, missing, services, ports, tuple(changes))


def cache_gone(settings: Settings, observed: Observed) -> CacheGoneStep | None:
    """What a host that is not the cache any more loses; None when it never was one."""
    if settings.cache and settings.cache.serves:
        return None
    return cache_back(observed, "cache_host does not name this host any more")


def cache_back(observed: Observed, reason: str) -> CacheGoneStep | None:
    """What makes this host the cache, to be taken away; None when nothing does."""
    files = tuple(path for path in CACHE_SERVER_FILES if path in observed.cache.files)
    if not files:
        return None
    packages = tuple(name for name in PACKAGES if name in observed.packages)
    changes = (
        *(
            Change("cache", f"{name}, with all it keeps", "there", "purged", reason)
            for name in packages
        ),
        *(Change("cache", path, "there", "removed", reason) for path in files),
    )
    return CacheGoneStep(files, packages, changes)


def cache_refusals(settings: Settings, observed: Observed) -> list[str]:
    """Why this host cannot be the cache, a sentence each; [] when it can, or need not."""
    cache, seen = settings.cache, observed.cache
    if cache is None or not cache.serves:
        return []
    theirs = [name for name in PACKAGES if name in observed.packages]
    if theirs and CACHE_DROP_IN not in seen.files:
        return [
            f"cache_host names this host, and {' and '.join(theirs)} is installed here already, "
            "not by Rackwright; name another host, or purge that package first"
        ]
    taken = [] if APT_PORT not in seen.ports or theirs else [str(APT_PORT)]
    port = cache.registry_port
    if port in seen.ports and f"addr: :{port}\n" not in seen.files.get(CACHE_REGISTRY, ""):
        taken.append(f"{port} (cache_registry_port)")
    if taken:
        return [
            f"cache_host names this host, and somebody else listens on port {' and '.join(taken)} "
            "here; free the port, or name another host"
        ]
    return []


def _registry(cache: Cache, upstream: str) -> str:
    return f"""{_HEAD}version: 0.1
log:
  level: warn
storage:
  filesystem:
    rootdirectory: {IMAGES}
  delete:
    enabled: true
http:
  addr: :{cache.registry_port}
proxy:
  remoteurl: {upstream}
"""


def _packages(cache: Cache) -> str:
    return f"{_HEAD}AllowUserPorts: {' '.join(map(str, cache.ports))}\n"


def _whole(name: str, observed: Observed) -> bool:
    package = observed.packages.get(name)
    return package is not None and package.whole


def _concerned(service: str, files: Mapping[str, str]) -> bool:
    own = {"docker-registry": {CACHE_DROP_IN, CACHE_REGISTRY}, "apt-cacher-ng": {CACHE_PACKAGES}}
    return not own[service].isdisjoint(files)
