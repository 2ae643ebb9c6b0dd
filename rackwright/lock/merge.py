"""One lock from what the hosts of an inventory answered. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rackwright.lock.file import Lock, Packages
from rackwright.settings import SettingsError


@dataclass(frozen=True)
class Resolved:
    """What one host's apt would install for its settings."""

    release: str
    wanted: str
    packages: Packages


def merged(
    chosen: Iterable[Resolved],
    keys: Iterable[str],
    images: Mapping[str, str],
    before: Lock | None,
) -> Lock:
    """One lock of what all hosts answered, beside what `before` holds for others.

    Raises SettingsError when two hosts would install different packages for the same settings.
    """
    packages: dict[str, dict[str, Packages]] = {}
    for one in chosen:
        known = packages.setdefault(one.release, {}).setdefault(one.wanted, {})
        for name, package in one.packages.items():
            if known.setdefault(name, package) != package:
                raise SettingsError(
                    [
                        f"{name} for {one.release} ({one.wanted}) is {known[name].version} "
                        f"({known[name].sha256}) on one host and {package.version} "
                        f"({package.sha256}) on another: their repositories differ"
                    ]
                )
    old = before or Lock(keys=(), packages={})
    releases = dict.fromkeys((*old.packages, *packages))  # in a stable order
    return Lock(
        keys=tuple(sorted({*old.keys, *keys})),
        packages={
            release: {**old.packages.get(release, {}), **packages.get(release, {})}
            for release in releases
        },
        images={**old.images, **images},
    )
