"""Names of images, as Docker reads and shows them.

The grammar is that of the OCI distribution specification ("Pulling manifests") and of the
distribution project's `reference` package, which Docker uses; its short forms are Docker's.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator

_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN: Final = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?"
_PATH: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_REFERENCE: Final = re.compile(
    r"(?P<name>[^@]+?)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?"
)
HUB: Final = "docker.io"
HELLO: Final = "hello-world:latest"  # what proves that a host can run containers
_HUB: Final = (HUB, "index.docker.io")
_LONGEST_NAME: Final = 255
FORMS: Final = "write NAME:TAG, HOST:PORT/PATH/NAME:TAG or NAME@sha256:..."


def reference(value: str) -> str:
    """The image's name as Docker shows it: without docker.io and library, with a tag or digest.

    Raises ValueError when it is none.
    """
    found = _REFERENCE.fullmatch(value)
    if not found:
        raise ValueError(FORMS)
    name = _familiar(found["name"])
    if found["tag"] and found["digest"]:
        raise ValueError(
            "Docker ignores the tag beside a digest; name one of the two (`tags` gives an image "
            "more names)"
        )
    return f"{name}@{found['digest']}" if found["digest"] else f"{name}:{found['tag'] or 'latest'}"


def tag(value: str) -> str:
    """As reference, without a digest."""
    if "@" in value:
        raise ValueError("a tag has no digest; write NAME:TAG")
    return reference(value)


def is_digest(name: str) -> bool:
    """Whether a reference names bytes, which never move."""
    return "@" in name


def repository(name: str) -> str:
    """A reference without its tag or digest."""
    return name.partition("@")[0] if is_digest(name) else name.rpartition(":")[0]


def registry(name: str) -> str:
    """The registry that a reference names; docker.io when it names none."""
    first, slash, _ = name.partition("/")
    return first if slash and _is_domain(first) else HUB


def is_insecure(where: str, registries: Iterable[str]) -> bool:
    """Whether a registry (HOST or HOST:PORT) is among those without TLS, as dockerd sees it.

    By its name with port, or by the network of its address.
    """
    names = tuple(registries)
    if where in names:
        return True
    try:
        address = ip_address(urlsplit(f"//{where}").hostname or "")
    except ValueError:
        return False
    return any(address in ip_network(name) for name in names if "/" in name)


def _familiar(name: str) -> str:
    domain, slash, path = name.partition("/")
    if not (slash and _is_domain(domain)):
        domain, path = HUB, name
    if not re.fullmatch(_DOMAIN, domain) or not _PATH.fullmatch(path):
        raise ValueError(
            f"{FORMS}; a NAME has lower-case letters and digits, with single . _ - between them"
        )
    if len(f"{domain}/{path}") > _LONGEST_NAME:
        raise ValueError(f"the name of an image has at most {_LONGEST_NAME} characters")
    if re.fullmatch(r"[0-9a-f]{64}", name):
        raise ValueError("Docker takes 64 hexadecimal digits for an image's ID; write its name")
    return path.removeprefix("library/") if domain in _HUB else f"{domain}/{path}"


def _is_domain(first: str) -> bool:
    # Docker's rule for telling a registry from the first part of a path.
    return "." in first or ":" in first or first == "localhost" or first != first.lower()


Reference = Annotated[str, AfterValidator(reference)]
Tag = Annotated[str, AfterValidator(tag)]
