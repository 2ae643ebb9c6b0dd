"""Where a moving tag is now: the registry that is never stale, asked once a run by the laptop."""

from functools import cache
from threading import Lock
from typing import TYPE_CHECKING
from urllib.request import parse_http_list, parse_keqv_list

from rackwright.look.mirrors import REPOSITORY, TAG

# requests is imported where it is used: most runs ask nobody, and it is slow to import.
if TYPE_CHECKING:
    import requests

_SECONDS = 5
_TYPES = ", ".join(
    (
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
    )
)
_asking = Lock()


def reference_digest(registry: str) -> str | None:
    """The digest that REPOSITORY:TAG has there now; None when the registry does not say."""
    with _asking:  # every host asks at the same moment; one of them goes
        return _digest(registry)


@cache
def _digest(registry: str) -> str | None:
    import requests

    url = f"{registry}/v2/{REPOSITORY}/manifests/{TAG}"
    headers = {"Accept": _TYPES}
    try:
        # HEAD, which Docker Hub does not count as a pull.
        answer = requests.head(url, headers=headers, timeout=_SECONDS, allow_redirects=True)
        if answer.status_code == requests.codes.unauthorized:
            headers["Authorization"] = f"Bearer {_token(answer)}"
            answer = requests.head(url, headers=headers, timeout=_SECONDS, allow_redirects=True)
        answer.raise_for_status()
    except (requests.RequestException, KeyError, ValueError):
        return None
    return answer.headers.get("Docker-Content-Digest")


def _token(answer: "requests.Response") -> str:
    import requests

    # distribution/distribution, docs/content/spec/auth/token.md: the token has either name.
    scheme, _, challenge = answer.headers["WWW-Authenticate"].partition(" ")
    asked = parse_keqv_list(parse_http_list(challenge)) if scheme.lower() == "bearer" else {}
    wanted = {"service": asked.get("service"), "scope": f"repository:{REPOSITORY}:pull"}
    given = requests.get(asked["realm"], params=wanted, timeout=_SECONDS)
    given.raise_for_status()
    found = given.json()
    return str(found.get("token") or found["access_token"])
