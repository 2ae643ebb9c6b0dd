"""OpenPGP keys: who a key file belongs to, and a repository's key, fetched once by the laptop."""

import os
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

import pysequoia

# requests is imported where it is used: most runs ask nobody, and it is slow to import.
if TYPE_CHECKING:
    import requests

from rackwright.packages.repositories import Repository

# With RUST_BACKTRACE set, pysequoia walks the stack for every error it meets, also for those that
# it handles; on the stack of a greenlet, where pyinfra runs everything, that ends the process.
os.environ["RUST_LIB_BACKTRACE"] = "0"

_LARGEST_KEY_FILE = 1 << 20  # bytes; Docker's is 3,817
_fetching = Lock()


class KeyRefusedError(ValueError):
    """The key could not be fetched or is not the wanted one; says what to do."""


def fingerprints(key_file: bytes) -> frozenset[str]:
    """Fingerprints (upper-case hexadecimal) of all certificates in a key file, armored or binary.

    A file that is no OpenPGP key has none.
    """
    if not key_file:
        return frozenset()
    try:
        certificates = pysequoia.Cert.split_bytes(key_file)
    except RuntimeError:  # pysequoia has no exception class of its own
        return frozenset()
    return frozenset(certificate.fingerprint.upper() for certificate in certificates)


def key_of(repository: Repository) -> str:
    """The armored key of a repository, as fetch() gives it."""
    return fetch(
        repository.key_url,
        repository.fingerprint,
        repository.owner,
        repository.key_setting,
        repository.mirror_setting,
    )


def fetch(
    url: str,
    fingerprint: str,
    owner: str = "Docker's",
    key_setting: str = "docker_key_fingerprint",
    mirror_setting: str = "docker_repo_url",
) -> str:
    """The armored key at `url`, fetched once a run and checked to be exactly `fingerprint`.

    Whose key it is and the two settings are for the errors. Raises KeyRefusedError when it cannot
    be fetched or holds any other key.
    """
    with _fetching:  # every host asks at the same moment; one of them goes
        content = _get(url, owner, mirror_setting)
    if isinstance(content, KeyRefusedError):
        raise content
    found = fingerprints(content.encode())
    if found != {fingerprint}:
        raise KeyRefusedError(
            f"the key at {url} has the fingerprint {', '.join(sorted(found)) or '(none: no key)'}, "
            f"wanted is {fingerprint}; if the new key is right, check it with its owner and set "
            f"{key_setting}"
        )
    return content


@cache
def _get(url: str, owner: str, mirror_setting: str) -> str | KeyRefusedError:
    import requests

    try:
        answer = requests.get(url, timeout=15)
        answer.raise_for_status()
    except requests.RequestException as error:
        return KeyRefusedError(
            f"cannot fetch {owner} key from {url}: {_cause(error)}; check that this machine "
            f"reaches it, or set {mirror_setting} to a mirror"
        )
    if len(answer.content) > _LARGEST_KEY_FILE:
        return KeyRefusedError(f"{url} is {len(answer.content)} bytes long, which is no key")
    return answer.text


def _cause(error: "requests.RequestException") -> str:
    import requests

    if error.response is not None:
        return f"HTTP {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "no answer within 15 s"
    return type(error).__name__
