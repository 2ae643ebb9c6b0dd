"""`hosts` in daemon.json, of the settings or of the admin, against the -H of Docker's own unit."""

import json
import re
from typing import Any

import pytest

from lab import counter
from tests.lab.fleet import Lab, Ran

LOCAL = "unix:///var/run/docker.sock"
OTHER = "unix:///run/other.sock"
TLS = "/etc/docker/tls"
# What 20.10 and 26.1 say to somebody without a certificate.
REFUSALS = ("bad certificate", "certificate required")
OVERRIDE = "/etc/systemd/system/docker.service.d/override.conf"


@pytest.fixture
def bare(lab: Lab) -> tuple[str, str]:
    """Two bare hosts, for the two engines."""
    names = (lab.ubuntu, lab.debian13)
    lab.reset(*names)
    return names


def deploy(lab: Lab, **data: Any) -> Ran:
    """Run deploy.py on the two hosts, each with its engine."""
    versions = {lab.ubuntu: "20.10", lab.debian13: "26.1"}
    settings = {name: {"docker_version": each, **data} for name, each in versions.items()}
    return lab.deploy(limit=settings, data=settings)


def write(lab: Lab, name: str, *hosts: str) -> None:
    """A daemon.json of the admin's."""
    text = json.dumps({"hosts": hosts})
    lab.root(name, f"mkdir -p /etc/docker; echo '{text}' > /etc/docker/daemon.json")


def test_sockets_of_the_admin_s_work_with_docker_s_unit(lab: Lab, bare: tuple[str, str]) -> None:
    for name in bare:
        write(lab, name, LOCAL, OTHER)
    ran = deploy(lab)
    assert ran.code == 0, ran.output
    engine = f"docker -H {OTHER} version -f '{{{{.Server.Version}}}}'"
    assert [lab.root(name, engine).split(".")[0] for name in bare] == ["20", "26"]
    for name in bare:
        counter.start(name)
    again = deploy(lab)
    assert [counter.stop(name) for name in bare] == [1, 1]
    assert "2 hosts: 2 unchanged" in again.output, again.output


def test_a_socket_for_everybody_is_refused(lab: Lab, bare: tuple[str, str]) -> None:
    for name in bare:
        write(lab, name, LOCAL, "tcp://0.0.0.0:2375")
    before = [lab.fingerprint(name) for name in bare]
    ran = deploy(lab)
    assert ran.code == 1
    sentence = "/etc/docker/daemon.json: hosts: tcp://0.0.0.0:2375 makes everybody who reaches it"
    sentence += " root; set tlsverify to true and tlscacert"
    for name in bare:
        assert re.search(f"{name}.*{re.escape(sentence)}", ran.output), ran.output
    assert [lab.fingerprint(name) for name in bare] == before


def test_a_command_line_of_the_admin_s_stays(lab: Lab, bare: tuple[str, str]) -> None:
    own = "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --debug\n"
    folder = OVERRIDE.rpartition("/")[0]
    for name in bare:
        write(lab, name, LOCAL, OTHER)
        lab.root(name, f"mkdir -p {folder}; printf '{own}' > {OVERRIDE}")
    ran = deploy(lab)
    assert ran.code == 0, ran.output
    for name in bare:
        assert lab.root(name, f"docker -H {OTHER} info -f '{{{{.Debug}}}}'").strip() == "true"
        assert lab.root(name, f"ls {folder}").split() == ["override.conf"]


CERTIFICATES = """
mkdir -p /etc/docker/tls && cd /etc/docker/tls
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=practice -keyout ca-key.pem -out ca.pem
for name in server client; do
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout $name-key.pem -out $name.csr
    printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n' > $name.ext
    openssl x509 -req -days 2 -in $name.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial \
        -extfile $name.ext -out $name.pem
done
"""


def test_a_tcp_socket_that_asks_for_a_certificate(lab: Lab, bare: tuple[str, str]) -> None:
    for name in bare:
        lab.root(name, f"({CERTIFICATES}) >/dev/null 2>&1")
    keys = {
        "hosts": ["fd://", "tcp://127.0.0.1:2376"],
        "tlsverify": True,
        "tlscacert": f"{TLS}/ca.pem",
        "tlscert": f"{TLS}/server.pem",
        "tlskey": f"{TLS}/server-key.pem",
    }
    ran = deploy(lab, docker_daemon=keys)
    assert ran.code == 0, ran.output
    connect = f"docker -H tcp://localhost:2376 --tlsverify --tlscacert={TLS}/ca.pem"
    own = f"--tlscert={TLS}/client.pem --tlskey={TLS}/client-key.pem"
    for name, refusal in zip(bare, REFUSALS, strict=True):
        assert "hello-world" in lab.root(name, f"{connect} {own} images")
        assert refusal in lab.root(name, f"{connect} ps 2>&1 || true")
    again = deploy(lab, docker_daemon=keys)
    assert "2 hosts: 2 unchanged" in again.output, again.output
