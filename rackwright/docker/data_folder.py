"""Whose a folder is, by the names in it: what dockerd keeps in its data-root, of any version."""

import re
from collections.abc import Collection

# Names that nobody else gives, and some that anybody may.
# fmt: off
_DOCKERS = frozenset({
    "aufs", "buildkit", "devicemapper", "engine-id", "fuse-overlayfs", "nuke-graph-directory.sh",
    "overlay2", "swarm", "vfs",
})
_ANYBODYS = frozenset({
    "btrfs", "builder", "containerd", "containers", "image", "lost+found", "network", "overlay",
    "plugins", "rootfs", "runtimes", "tmp", "trust", "volumes", "zfs",
})
# fmt: on
# With userns-remap, the data is in a folder of the name UID.GID.
_REMAPPED = re.compile(r"\d+\.\d+")


def foreign(entries: Collection[str]) -> tuple[str, ...]:
    """The names that keep a folder from being Docker's as a whole; () when it is."""
    if not any(map(_dockers, entries)):
        return tuple(sorted(entries))
    return tuple(sorted(each for each in entries if each not in _ANYBODYS and not _dockers(each)))


def _dockers(entry: str) -> bool:
    return entry in _DOCKERS or _REMAPPED.fullmatch(entry) is not None
