"""What on a host means the distribution's own archive: its sources, in any form. Pure.

Whatever is not surely the distribution's is somebody else's, and stays as it is.
"""

import re
from collections.abc import Callable, Collection

from rackwright.distro import (
    ARCHIVE_COMPONENTS,
    ARCHIVE_DOMAIN,
    ARCHIVE_FOLDERS,
    POCKETS,
    SECURITY_BESIDE,
    SUITE_ALIASES,
)
from rackwright.packages.apt_sources import Definition

# A definition in a file of this path, and one of its URIs: is that the distribution's archive?
IsOwn = Callable[[str, Definition, str], bool]
_OFF = frozenset({"no", "false", "without", "off", "disable", "0"})


def is_own(distro: str, codename: str, ours: Collection[str]) -> IsOwn:
    """How to tell, on a host of this release, where `ours` are mirrors that we put in before.

    One is the distribution's own with a suite of it, from one of its own hosts, or from elsewhere
    where its keyring or the file says so: /etc/apt/sources.list and DISTRIBUTION.sources are the
    installer's. Stanzas that are turned off are left alone; so are a snapshot and a disk.
    """
    if distro not in SUITE_ALIASES:
        return lambda *_: False
    names = (codename, *SUITE_ALIASES[distro])
    suites = {f"{name}{pocket}" for name in names for pocket in POCKETS}

    def own(path: str, definition: Definition, uri: str) -> bool:
        if not definition.get("suites") or not suites.issuperset(definition["suites"]):
            return False
        if not _OFF.isdisjoint(word.lower() for word in definition.get("enabled", ())):
            return False
        return uri.rstrip("/") in ours or _is_archive(distro, path, definition, uri)

    return own


def is_security(definition: Definition) -> bool:
    """Whether a definition is that of security updates alone."""
    return all(suite.endswith(("-security", "/updates")) for suite in definition.get("suites", ()))


def security_beside(mirror: str, distro: str) -> str | None:
    """Where a mirror of the archive has security updates, if it has; None when nobody can tell."""
    beside = SECURITY_BESIDE.get(distro)
    if beside is None or (beside and not mirror.endswith(f"/{distro}")):
        return None
    return mirror + beside


def _is_archive(distro: str, path: str, definition: Definition, uri: str) -> bool:
    scheme, _, rest = uri.partition(":")
    # As Debian's cloud images have it: mirror+file:/etc/apt/mirrors/debian.list
    listed = scheme.startswith("mirror")
    if scheme not in ("http", "https", "ftp") and not listed:
        return False
    host, *folders = [each for each in rest.removeprefix("//").split("/") if each] or [""]
    host = re.sub(r"^.*@|:\d+$", "", host.lower())
    last = folders[-1].removesuffix(".list") if folders else ""
    named = last in ARCHIVE_FOLDERS[distro]
    domain = ARCHIVE_DOMAIN[distro]
    if host == domain or host.endswith(f".{domain}"):
        return named or listed or host == f"security.{domain}"
    if not named:
        return False
    keyring = "".join(definition.get("signed-by", ())).rpartition("/")[2]
    if keyring.startswith(f"{distro}-archive-keyring"):
        return True
    # Launchpad's archives end in /ubuntu too, but deeper down: /PERSON/ARCHIVE/ubuntu.
    components = ARCHIVE_COMPONENTS[distro].issuperset(definition.get("components", ()))
    installers = ("/etc/apt/sources.list", f"/etc/apt/sources.list.d/{distro}.sources")
    return not keyring and components and path in installers and (listed or len(folders) <= 2)
