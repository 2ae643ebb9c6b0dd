"""Images in a registry, over its HTTP API (OCI distribution specification, "Pull")."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.request import parse_http_list, parse_keqv_list

from rackwright.settings.references import HUB, is_insecure, registry, repository

# requests is imported where it is used: most runs ask nobody, and it is slow to import.
if TYPE_CHECKING:
    import requests

HUB_URL: Final = "https://registry-1.docker.io"
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
PART: Final = 1 << 20  # bytes


class RegistryError(ValueError):
    """No registry gave the image; the message says what each of them answered."""


@dataclass(frozen=True)
class Repository:
    """A repository such as library/hello-world in the registry at `url`.

    `login` is a name and a password, where the registry asks for them.
    """

    url: str
    name: str
    login: tuple[str, str] | None = field(default=None, repr=False)

    def digest(self, tag: str) -> str:
        """The digest of what a tag means now, for every architecture.

        Raises requests.RequestException or RegistryError.
        """
        return digest_of(self._manifest(tag)[0])

    def manifests(self, reference: str) -> dict[str, str]:
        """Digest of the manifest by architecture, for a tag or a digest.

        Raises requests.RequestException or RegistryError.
        """
        content, found = self._manifest(reference)
        if "manifests" in found:
            return {
                each["platform"]["architecture"]: each["digest"]
                for each in found["manifests"]
                if each.get("platform", {}).get("os") == "linux"
            }
        config: dict[str, Any] = json.loads(self.blob(found["config"]["digest"]))
        return {config["architecture"]: digest_of(content)}

    def manifest(self, digest: str) -> tuple[bytes, dict[str, Any]]:
        """The manifest of one architecture, checked against its digest, as it is and as data."""
        return self._manifest(digest)

    def blob(self, digest: str) -> bytes:
        """A configuration, checked against its digest."""
        content = self._get(f"blobs/{digest}", "*/*").content
        _check(digest_of(content), digest)
        return content

    def save(self, digest: str, file: IO[bytes]) -> None:
        """Write a configuration or a layer, of any size, to a file, and check its digest."""
        found = hashlib.sha256()
        with self._get(f"blobs/{digest}", "*/*", stream=True) as answer:
            for part in answer.iter_content(PART):
                file.write(part)
                found.update(part)
        _check(f"sha256:{found.hexdigest()}", digest)

    def _manifest(self, reference: str) -> tuple[bytes, dict[str, Any]]:
        content = self._get(f"manifests/{reference}", MANIFESTS).content
        if reference.startswith("sha256:"):
            _check(digest_of(content), reference)
        found: dict[str, Any] = json.loads(content)
        return content, found

    def _get(self, what: str, accept: str, *, stream: bool = False) -> "requests.Response":
        import requests

        url = f"{self.url}/v2/{self.name}/{what}"
        headers = {"Accept": accept}
        asked = partial(requests.get, url, headers=headers, timeout=TIMEOUT, stream=stream)
        answer = asked()
        if answer.status_code == 401:
            challenge, basic = answer.headers["WWW-Authenticate"], self.login
            if challenge.lower().startswith("bearer "):
                headers["Authorization"] = f"Bearer {token(challenge, self.login)}"
                basic = None
            answer = asked(auth=basic)
        answer.raise_for_status()
        return answer


def token(
    challenge: str, login: tuple[str, str] | None = None, timeout: int = TIMEOUT, **asked: str
) -> str:
    """What opens a registry that answers with this WWW-Authenticate; `asked` goes before its words.

    The rules are those of distribution/distribution, docs/content/spec/auth/token.md: the token
    has either of two names. Raises requests.RequestException, KeyError or ValueError.
    """
    import requests

    scheme, _, rest = challenge.partition(" ")
    fields = parse_keqv_list(parse_http_list(rest)) if scheme.lower() == "bearer" else {}
    words = {key: fields[key] for key in ("service", "scope") if key in fields} | asked
    answer = requests.get(fields["realm"], params=words, auth=login, timeout=timeout)
    answer.raise_for_status()
    found = answer.json()
    return str(found.get("token") or found["access_token"])


def digest_of(content: bytes) -> str:
    """The digest by which a registry names this content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _check(found: str, digest: str) -> None:
    if found != digest:
        raise RegistryError(f"a registry answered {found} for {digest}")


def find(
    image: str,
    mirrors: Iterable[str] = (),
    insecure: Iterable[str] = (),
    login: tuple[str, str] | None = None,
) -> tuple[Repository, str]:
    """Where an image can be had by its reference, and the digest of what that means now.

    For an image of Docker Hub, mirrors go first, in their order. `insecure` are registries that may
    have no TLS, by HOST:PORT or network. Raises RegistryError when none has it.
    """
    import requests

    where, name = registry(image), repository(image)
    reference = image[len(name) + 1 :]
    if where == HUB:
        urls = [*mirrors, HUB_URL]
        name = name if "/" in name else f"library/{name}"
    else:
        plain = [f"http://{where}"] if is_insecure(where, insecure) else []
        urls = [f"https://{where}", *plain]
        name = name.removeprefix(f"{where}/")
    failed = []
    for url in urls:
        # Mirrors are strangers to Docker Hub's login.
        ours = where != HUB or url == HUB_URL
        there = Repository(url, name, login if ours else None)
        try:
            return there, there.digest(reference)
        except (requests.RequestException, RegistryError, ValueError, KeyError) as error:
            failed.append(f"{url}: {said(error)}")
    raise RegistryError(f"{image} cannot be had from this machine ({'; '.join(failed)})")


def said(error: Exception) -> str:
    """Why a registry did not give something, in a few words."""
    response = getattr(error, "response", None)
    return f"HTTP {response.status_code}" if response is not None else type(error).__name__
