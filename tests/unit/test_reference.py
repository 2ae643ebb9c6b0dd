"""The reference registry, as a small server that wants a token of whoever asks."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from rackwright.laptop.reference import reference_digest

paths: list[str] = []


class Registry(BaseHTTPRequestHandler):
    """Gives a token for the right scope, and the digest to whoever brings it."""

    def do_HEAD(self) -> None:
        paths.append(self.path)
        if self.headers["Authorization"] == "Bearer good":
            self.send_response(200)
            self.send_header("Docker-Content-Digest", "sha256:new")
        else:
            realm = f"http://{self.headers['Host']}/token"
            self.send_response(401)
            self.send_header("WWW-Authenticate", f'Bearer realm="{realm}",service="a, b"')
        self.end_headers()

    def do_GET(self) -> None:
        paths.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"access_token": "good"}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its base's name
        pass


@pytest.fixture
def registry() -> Iterator[str]:
    """The address of a reference registry."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_digest_is_asked_for_once_with_a_token(registry: str) -> None:
    paths.clear()
    assert [reference_digest(registry) for _ in range(3)] == ["sha256:new"] * 3
    image = "/v2/library/hello-world/manifests/latest"
    gate = "/token?service=a%2C+b&scope=repository%3Alibrary%2Fhello-world%3Apull"
    assert paths == [image, gate, image]


def test_a_reference_that_does_not_answer_is_none() -> None:
    assert reference_digest("http://127.0.0.1:1") is None
