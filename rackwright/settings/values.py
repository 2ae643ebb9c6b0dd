"""What single values must look like. They end up in files and command lines on the host."""

import re
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

# deb-version(7), with a revision, as all of Docker's packages have one.
DEBIAN_VERSION = re.compile(r"(\d+:)?\d[A-Za-z0-9.+~]*-[A-Za-z0-9.+~-]+")


def _version(value: str) -> str:
    if value == "latest" or re.fullmatch(r"\d+(\.\d+){0,2}", value):
        return value
    if DEBIAN_VERSION.fullmatch(value):
        return value
    raise ValueError(
        'write "latest", a version ("26.1", "26.1.5") or a full Debian version '
        '("5:26.1.5-1~debian.12~bookworm")'
    )


def _debian_version(value: str) -> str:
    if not DEBIAN_VERSION.fullmatch(value):
        raise ValueError('write a full Debian version ("1.7.24-1", "2.26.1-1~debian.12~bookworm")')
    return value


def _local_folder(value: str) -> str:
    if not value or "\n" in value or "\0" in value:
        raise ValueError("write the path of a folder on your machine")
    return value


def local_path(value: str) -> str:
    """The path of a file on this machine. Raises ValueError when it is none."""
    if not value or "\n" in value or "\0" in value:
        raise ValueError("write the path of a file on your machine")
    return value


def _http_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("write a URL that begins with https:// or http://")
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("a URL here has no user, password, query or fragment")
    # It goes into files and command lines on the host: only what RFC 3986 calls unreserved.
    if not re.fullmatch(r"[A-Za-z0-9:/._~\[\]%-]+", value):
        raise ValueError("a URL here has only letters, digits and : / . _ ~ - % [ ]")
    return value.rstrip("/")


def _fingerprint(value: str) -> str:
    digits = re.sub(r"[\s:]", "", value).upper()
    if not re.fullmatch(r"[0-9A-F]{40}|[0-9A-F]{64}", digits):
        raise ValueError("write the whole OpenPGP fingerprint: 40 (or 64) hexadecimal digits")
    return digits


def _registry(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.:/\[\]-]*", value) or "://" in value:
        raise ValueError("write HOST, HOST:PORT or a network like 10.0.0.0/8, without a scheme")
    # As docker info shows it: 10.1.2.3/8 is the network 10.0.0.0/8.
    return str(ip_network(value, strict=False)) if "/" in value else value


def _user(value: str) -> str:
    # useradd(8), "CAVEATS", and what directory services have besides: capitals, dots and domains.
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}", value):
        raise ValueError("a login name has only letters, digits and _ . @ -, and no - in front")
    return value


def _no_proxy(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.*\[][A-Za-z0-9.*:/\[\]-]*", value):
        raise ValueError("write a host, .DOMAIN, HOST:PORT or a network like 10.0.0.0/8")
    return value


def _absolute_path(value: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9_][A-Za-z0-9._-]*)+", value):
        raise ValueError("write an absolute path of letters, digits and . _ -, without .. in it")
    return value


def _registry_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?|\[[0-9A-Fa-f:]+\](:\d+)?", value):
        raise ValueError("write HOST or HOST:PORT, without a scheme and a path")
    return value


def _variable_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("write the name of an environment variable")
    return value


def _word(value: str) -> str:
    if not re.fullmatch(r"[!-~]+", value) or value.startswith("-"):
        raise ValueError("write one word of ASCII characters, and no - in front")
    return value


Version = Annotated[str, AfterValidator(_version)]
DebianVersion = Annotated[str, AfterValidator(_debian_version)]
LocalFolder = Annotated[str, AfterValidator(_local_folder)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
Fingerprint = Annotated[str, AfterValidator(_fingerprint)]
Registry = Annotated[str, AfterValidator(_registry)]
AbsolutePath = Annotated[str, AfterValidator(_absolute_path)]
NoProxy = Annotated[str, AfterValidator(_no_proxy)]
User = Annotated[str, AfterValidator(_user)]
RegistryName = Annotated[str, AfterValidator(_registry_name)]
VariableName = Annotated[str, AfterValidator(_variable_name)]
Word = Annotated[str, AfterValidator(_word)]
