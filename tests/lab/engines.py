"""Two practice hosts, one with each engine, and images on them."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from lab import counter, hosts
from tests.lab.fleet import Lab, Ran
from tests.lab.test_login import login, registry

ENGINES = {"old": "20.10.24", "new": "26.1.5"}
Images = list[str | dict[str, Any]]


class Engines:
    """Two hosts, one with each engine."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.names = {"old": lab.ubuntu, "new": lab.debian13}
        self.private = f"{registry(lab)}/library"

    def data(self, images: Images, **more: Any) -> dict[str, dict[str, Any]]:
        """The hosts' settings with these images."""
        common = {**login(self.lab, users=["root"]), "docker_images": images, **more}
        versions = {"old": "20.10", "new": "26.1"}
        return {name: {**common, "docker_version": versions[kind]} for kind, name in self}

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.names.items())

    def deploy(self, images: Images, *flags: str, **more: Any) -> Ran:
        """deploy.py on both hosts with these images."""
        return self.lab.deploy(*flags, limit=self.names.values(), data=self.data(images, **more))

    def check(self, images: Images, **more: Any) -> Ran:
        """`rackwright check` of both hosts."""
        inventory = str(self.lab.inventory(self.data(images, **more)))
        limits = [word for name in self.names.values() for word in ("--limit", name)]
        return self.lab.rackwright("check", inventory, *limits)

    @contextmanager
    def locked(self, images: Images, **more: Any) -> Iterator[dict[str, Any]]:
        """A lock of both hosts with these images, for a while, and what it holds."""
        inventory = self.lab.inventory(self.data(images, **more))
        limits = [word for name in self.names.values() for word in ("--limit", name)]
        ran = self.lab.rackwright("lock", str(inventory), *limits)
        path = inventory.with_suffix(".lock.json")
        try:
            assert ran.code == 0, ran.output
            yield json.loads(path.read_text())
        finally:
            path.unlink(missing_ok=True)

    def docker(self, kind: str, *words: str) -> str:
        """What a docker command says on that host."""
        return self.lab.root(self.names[kind], f"docker {' '.join(words)}").strip()

    def tags(self, kind: str) -> set[str]:
        """The names of all images there, hello-world left out."""
        said = self.docker(kind, "image ls --format '{{.Repository}}:{{.Tag}}'").splitlines()
        return {name for name in said if not name.startswith("hello-world:")}

    def id(self, kind: str, name: str) -> str:
        """An image's ID."""
        return self.docker(kind, "image inspect -f '{{.Id}}'", name)

    def empty(self) -> None:
        """No container, no image and no build cache on both hosts."""
        for name in self.names.values():
            self.lab.root(
                name,
                "docker ps -aq | xargs -r docker rm -f; docker image ls -aq | sort -u | "
                "xargs -r docker image rm -f; DOCKER_BUILDKIT=0 docker builder prune -af",
            )

    def assert_home(self, images: Images, **more: Any) -> None:
        """A run with one remote command per host finds nothing to change."""
        for _, name in self:
            counter.start(name)
        ran = self.deploy(images, **more)
        assert [counter.stop(name) for _, name in self] == [1, 1]
        assert "2 hosts: 2 unchanged; nothing was changed." in ran.output, ran.output

    def save(self, kind: str, image: str, compress: str, file: Path) -> None:
        """Bring what docker save writes there to this machine."""
        text = self.docker(kind, f"save {image} | {compress} | base64 -w0")
        file.write_bytes(base64.b64decode(text))

    def dangling(self, kind: str) -> list[str]:
        """IDs of the dangling images."""
        return self.docker(kind, "image ls -qf dangling=true").split()

    def digest(self, name: str, tag: str) -> str:
        """What the mirror has for a tag of Docker Hub."""
        accept = {"Accept": "application/vnd.docker.distribution.manifest.v2+json"}
        url = f"{self.lab.services['mirror']}/v2/library/{name}/manifests/{tag}"
        return requests.head(url, headers=accept, timeout=10).headers["Docker-Content-Digest"]


@contextmanager
def moved() -> Iterator[None]:
    """The private registry has another hello-world under the same tag, for a while."""
    for port, back in (("5050", "5051"), ("5051", "5050")):
        change = f"/listen 5008/,/listen/s/127.0.0.1:{port}/127.0.0.1:{back}/"
        script = f"sed -i '{change}' /etc/nginx/nginx.conf; systemctl reload nginx"
        hosts.execute("services", "sh", "-ec", script)
        if port == "5050":
            yield
