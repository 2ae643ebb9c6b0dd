"""Where a moving tag is now: the registry that is never stale, asked once a run by the laptop."""

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from rackwright.laptop.registry import MANIFESTS, token
from rackwright.look.mirrors import REPOSITORY, TAG

# requests is imported where it is used: most runs ask nobody, and it is slow to import.
if TYPE_CHECKING:
    pass

_SECONDS = 5
_asking = Lock()


def reference_digest(registry: str) -> str | None:
    """The digest that REPOSITORY:TAG has there now; None when the registry does not say."""
    with _asking:  # every host asks at the same moment; one of them goes
        return _digest(registry)


@cache
def _digest(registry: str) -> str | None:
    import requests

    url = f"{registry}/v2/{REPOSITORY}/manifests/{TAG}"
    headers = {"Accept": MANIFESTS}
    try:
        # HEAD, which Docker Hub does not count as a pull.
        answer = requests.head(url, headers=headers, timeout=_SECONDS, allow_redirects=True)
        if answer.status_code == requests.codes.unauthorized:
            scope = f"repository:{REPOSITORY}:pull"
            given = token(answer.headers["WWW-Authenticate"], timeout=_SECONDS, scope=scope)
            headers["Authorization"] = f"Bearer {given}"
            answer = requests.head(url, headers=headers, timeout=_SECONDS, allow_redirects=True)
        answer.raise_for_status()
    except (requests.RequestException, KeyError, ValueError):
        return None
    return answer.headers.get("Docker-Content-Digest")
