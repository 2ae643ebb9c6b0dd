"""Whether settings, lock and bundle agree, before any host is looked at. Pure."""

from pathlib import Path
from typing import Final

from rackwright.lock.file import Lock
from rackwright.settings import Settings

AGAIN: Final = "make it again with `rackwright bundle`"


def wanted_key(settings: Settings) -> str:
    """How a lock names what the settings ask for: "stable/26.1 containerd.io=1.7.24-1"."""
    exact = sorted(settings.docker_package_versions.items())
    pins = (f" {package}={version}" for package, version in exact)
    return f"{settings.docker_channel}/{settings.docker_version}{''.join(pins)}"


def contradictions(
    lock: Lock, name: str, settings: Settings, command: str = "rackwright lock"
) -> list[str]:
    """Settings of one host that the lock `name`, made by `command`, was not made for."""
    found = []
    again = f"run `{command}` for this inventory again, or take the setting back"
    wanted = wanted_key(settings)
    known = sorted({key for release in lock.packages.values() for key in release})
    if wanted not in known:
        asked = "docker_version" + " and docker_package_versions" * bool(
            settings.docker_package_versions
        )
        found.append(
            f"{asked}: {wanted} is wanted, {name} was made for {', '.join(known)}; {again}"
        )
    if settings.docker_key_fingerprint not in lock.keys:
        found.append(
            f"docker_key_fingerprint: {settings.docker_key_fingerprint} is wanted, {name} was made "
            f"for {', '.join(lock.keys)}; {again}"
        )
    return found


def disagreements(lock: Lock, name: str, bundle: Lock, folder: Path) -> list[str]:
    """Where a bundle holds other packages or images than the lock `name`, a sentence each."""
    images = [
        f"docker_bundle: {folder} holds {tag} as {digest}, {name} has {lock.images[tag]}; {AGAIN}"
        for tag, digest in bundle.images.items()
        if lock.images.get(tag, digest) != digest
    ]
    return images + [
        f"docker_bundle: {folder} holds {package}={each.version} for {release}, {name} has "
        f"{package}={locked[package].version} or other bytes; {AGAIN}"
        for release, variants in bundle.packages.items()
        for wanted, packages in variants.items()
        if (locked := lock.packages.get(release, {}).get(wanted, {}))
        for package, each in packages.items()
        if package in locked and locked[package] != each
    ]
