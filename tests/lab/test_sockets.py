"""`hosts` in daemon.json, of the settings or of the admin, against the -H of Docker's own unit."""

import json

import pytest

from lab import counter
from tests.lab.fleet import Lab

LOCAL = "unix:///var/run/docker.sock"
OTHER = "unix:///run/other.sock"
TLS = "/etc/docker/tls"
OVERRIDE = "/etc/systemd/system/docker.service.d/override.conf"


@pytest.fixture
def bare(lab: Lab) -> str:
    """A bare host."""
    name: str = lab.debian13
    lab.reset(name)
    return name


def write(lab: Lab, name: str, *hosts: str) -> None:
    """A daemon.json of the admin's."""
    text = json.dumps({"hosts": hosts})
    lab.root(name, f"mkdir -p /etc/docker; echo '{text}' > /etc/docker/daemon.json")


def test_sockets_of_the_admin_s_work_with_docker_s_unit(lab: Lab, bare: str) -> None:
    write(lab, bare, LOCAL, OTHER)
    ran = lab.deploy(limit=[bare])
    assert ran.code == 0, ran.output
    assert lab.root(bare, f"docker -H {OTHER} version -f '{{{{.Server.Version}}}}'").strip()
    counter.start(bare)
    again = lab.deploy(limit=[bare])
    assert counter.stop(bare) == 1
    assert "1 host: 1 unchanged" in again.output, again.output


def test_a_socket_for_everybody_is_refused(lab: Lab, bare: str) -> None:
    write(lab, bare, LOCAL, "tcp://0.0.0.0:2375")
    before = lab.fingerprint(bare)
    ran = lab.deploy(limit=[bare])
    assert ran.code == 1
    sentence = "/etc/docker/daemon.json: hosts: tcp://0.0.0.0:2375 makes everybody who reaches it"
    assert f"{sentence} root; set tlsverify to true and tlscacert" in ran.output
    assert lab.fingerprint(bare) == before


def test_a_command_line_of_the_admin_s_stays(lab: Lab, bare: str) -> None:
    write(lab, bare, LOCAL, OTHER)
    own = "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --debug\n"
    lab.root(bare, f"mkdir -p {OVERRIDE.rpartition('/')[0]}; printf '{own}' > {OVERRIDE}")
    ran = lab.deploy(limit=[bare])
    assert ran.code == 0, ran.output
    assert lab.root(bare, f"docker -H {OTHER} info -f '{{{{.Debug}}}}'").strip() == "true"
    assert lab.root(bare, f"ls {OVERRIDE.rpartition('/')[0]}").split() == ["override.conf"]


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


def test_a_tcp_socket_that_asks_for_a_certificate(lab: Lab, bare: str) -> None:
    lab.root(bare, f"({CERTIFICATES}) >/dev/null 2>&1")
    keys = {
        "hosts": ["fd://", "tcp://127.0.0.1:2376"],
        "tlsverify": True,
        "tlscacert": f"{TLS}/ca.pem",
        "tlscert": f"{TLS}/server.pem",
        "tlskey": f"{TLS}/server-key.pem",
    }
    data = {bare: {"docker_daemon": keys}}
    ran = lab.deploy(limit=[bare], data=data)
    assert ran.code == 0, ran.output
    connect = f"docker -H tcp://localhost:2376 --tlsverify --tlscacert={TLS}/ca.pem"
    own = f"--tlscert={TLS}/client.pem --tlskey={TLS}/client-key.pem"
    assert "hello-world" in lab.root(bare, f"{connect} {own} images")
    assert "certificate required" in lab.root(bare, f"{connect} ps 2>&1 || true")
    again = lab.deploy(limit=[bare], data=data)
    assert "1 host: 1 unchanged" in again.output, again.output
