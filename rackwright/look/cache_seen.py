"""What makes a host the fleet's cache, or a user of it, as it is: a part of the observation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rackwright.marks import CACHE_FILES
from rackwright.settings import Settings

SERVICES = ("docker-registry", "apt-cacher-ng")


@dataclass(frozen=True)
class CacheSeen:
    """Files of ours by path; which of the cache's services run; the ports that are in use.

    The latter two are told of the cache itself alone.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    running: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset()


def cache_look(settings: Settings) -> str:
    """Shell code, a part of the probe, that looks at it; where there is none it costs nothing.

    Without the setting, too: what was made for it has to go then.
    """
    look = f'for path in {" ".join(CACHE_FILES)}; do file cache_file "$path"; done'
    if settings.cache is None or not settings.cache.serves:
        return look
    return f"""{look}
for unit in {" ".join(SERVICES)}; do
    systemctl is-active -q $unit && systemctl is-enabled -q $unit && echo "cache_runs $unit"
done
awk '$4 == "0A" {{ sub(".*:", "", $2); print "cache_port", $2 }}' /proc/net/tcp /proc/net/tcp6"""


def cache_seen(files: Mapping[str, bytes], values: Mapping[str, Iterable[str]]) -> CacheSeen:
    """CacheSeen from the files and values of the probe's answer. Raises ValueError."""
    return CacheSeen(
        files={path: text.decode(errors="replace") for path, text in files.items()},
        running=frozenset(values.get("cache_runs", ())),
        # As /proc/net/tcp has it, in hexadecimal.
        ports=frozenset(int(port, 16) for port in values.get("cache_port", ())),
    )
