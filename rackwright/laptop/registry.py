"""Images in a registry, over its HTTP API (OCI distribution specification, "Pull")."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

# requests is imported where it is used: most runs ask nobody, and it is slow to import.

# The image that proves a host.
HELLO_WORLD: Final = "hello-world"
HUB: Final = "https://registry-1.docker.io"
# An image index, or the manifest of one architecture; the older names are those of Docker.
MANIFESTS: Final = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
TIMEOUT: Final = 20  # seconds


class RegistryError(ValueError):
    """No registry gave the image; the message says what each of them answered."""


@dataclass(frozen=True)
class Repository:
    """A repository such as library/hello-world in the registry at `url`."""

    url: str
    name: str

    def manifests(self, tag: str) -> dict[str, str]:
        """Digest of the manifest by architecture.

        Raises requests.RequestException or RegistryError.
        """
        content, found = self._manifest(tag)
        if "manifests" in found:
            return {
                each["platform"]["architecture"]: each["digest"]
                for each in found["manifests"]
                if each.get("platform", {}).get("os") == "linux"
            }
        config: dict[str, Any] = json.loads(self.blob(found["config"]["digest"]))
        return {config["architecture"]: digest_of(content)}

    def manifest(self, digest: str) -> dict[str, Any]:
        """The manifest of one architecture, checked against its digest."""
        content, found = self._manifest(digest)
        _check(content, digest)
        return found

    def blob(self, digest: str) -> bytes:
        """A configuration or a layer, checked against its digest."""
        content = self._get(f"blobs/{digest}", "*/*")
        _check(content, digest)
        return content

    def _manifest(self, reference: str) -> tuple[bytes, dict[str, Any]]:
        content = self._get(f"manifests/{reference}", MANIFESTS)
        found: dict[str, Any] = json.loads(content)
        return content, found

    def _get(self, what: str, accept: str) -> bytes:
        import requests

        url = f"{self.url}/v2/{self.name}/{what}"
        headers = {"Accept": accept}
        answer = requests.get(url, headers=headers, timeout=TIMEOUT)
        if answer.status_code == 401:
            headers["Authorization"] = f"Bearer {_token(answer.headers['WWW-Authenticate'])}"
            answer = requests.get(url, headers=headers, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.content


def _token(challenge: str) -> str:
    import requests

    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    asked = {key: fields[key] for key in ("service", "scope") if key in fields}
    answer = requests.get(fields["realm"], params=asked, timeout=TIMEOUT)
    answer.raise_for_status()
    return str(answer.json()["token"])


def digest_of(content: bytes) -> str:
    """The digest by which a registry names this content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _check(content: bytes, digest: str) -> None:
    if digest_of(content) != digest:
        raise RegistryError(f"a registry answered {digest_of(content)} for {digest}")


def find(image: str, mirrors: Iterable[str]) -> tuple[Repository, dict[str, str]]:
    """Where an image of Docker Hub (`hello-world`) can be had, and its digests by architecture.

    Mirrors go first, in their order, then Docker Hub. Raises RegistryError when none has it.
    """
    import requests

    failed = []
    for url in (*mirrors, HUB):
        repository = Repository(url, f"library/{image}")
        try:
            return repository, repository.manifests("latest")
        except (requests.RequestException, RegistryError, ValueError, KeyError) as error:
            failed.append(f"{url}: {type(error).__name__}")
    raise RegistryError(f"{image} cannot be had from this machine ({'; '.join(failed)})")
