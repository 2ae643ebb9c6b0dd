"""The same deploy from pyinfra's stock operations, as a good user of pyinfra writes it."""

import json
from io import StringIO

from pyinfra import config, host
from pyinfra.facts.deb import DebArch
from pyinfra.facts.server import OsRelease
from pyinfra.operations import apt, files, server, systemd
from pyinfra.operations.util import any_changed

KEYRING = "/etc/apt/keyrings/docker.asc"
PACKAGES = "docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin"

config.SUDO = True

# As it stands in daemon.json after ours, so that there is nothing to change for both.
wanted = {
    "live-restore": True,
    "log-opts": {"max-size": "10m", "max-file": "3"},
    "registry-mirrors": host.data.docker_registry_mirrors,
}
daemon_json = json.dumps(wanted, indent=2) + "\n"
release = host.get_fact(OsRelease)
repository = f"{host.data.docker_repo_url}/{release['id']}"

apt.packages(name="Prerequisites", packages=["ca-certificates", "curl"])
key = files.download(name="Key", src=f"{repository}/gpg", dest=KEYRING, mode="644")
source = apt.sources_file(
    name="Repository",
    filename="docker",
    uris=repository,
    suites=release["version_codename"],
    components="stable",
    architectures=host.get_fact(DebArch),
    signed_by=KEYRING,
)
apt.update(name="Package lists", _if=any_changed(key, source))
# Before the packages, so that the daemon starts once, with the right mirrors.
daemon = files.put(
    name="daemon.json",
    src=StringIO(daemon_json),
    dest="/etc/docker/daemon.json",
    mode="644",
)
packages = apt.packages(name="Docker", packages=PACKAGES.split())
server.shell(name="Holds", commands=[f"apt-mark hold {PACKAGES}"], _if=packages.did_change)
systemd.service(name="Service", service="docker.service", running=True, enabled=True)
systemd.service(
    name="Service with the new daemon.json",
    service="docker.service",
    restarted=True,
    _if=lambda: daemon.did_change() and not packages.did_change(),
)
server.group(name="Group", group="docker", system=True)
for user in host.data.docker_users:
    server.user(name=f"Member {user}", user=user, groups=["docker"], append=True)
server.shell(
    name="hello-world",
    commands=["docker run --rm hello-world"],
    _sudo_user=host.data.docker_users[0],
    _if=any_changed(daemon, packages),
)
