"""One host of the fleet is the cache of all: what N hosts fetch from far away is what one does."""

from typing import Any

import pytest

from lab import counter, services
from tests.lab.fleet import Lab, Ran

PACKAGES, MIRROR, ARCHIVE = 8080, services.PORTS["mirror"], services.PORTS["archive"]


class Fleet:
    """Three hosts, of which `debian13` is the cache."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.cache = lab.debian13
        self.others = (lab.dirty, lab.ubuntu)
        self.at = f"http://{lab.data(self.cache)['ssh_hostname']}"

    def data(self, **more: Any) -> dict[str, dict[str, Any]]:
        """The hosts' settings: the cache, and an image that all of them have."""
        common = {"cache_host": self.cache, "docker_images": ["debian:13"], **more}
        return dict.fromkeys(self.lab.all, common)

    def deploy(self, *flags: str, limit: tuple[str, ...] = (), **more: Any) -> Ran:
        """deploy.py with these settings."""
        return self.lab.deploy(*flags, limit=limit, data=self.data(**more))

    def asked(self, name: str, port: int, containing: str) -> list[str]:
        """What a host asked a source for, by the source's own log."""
        return services.requests(self.lab.data(name)["ssh_hostname"], port, containing)

    def fetched(self, repository: str) -> int:
        """How often the cache fetched a part of an image."""
        parts = self.asked(self.cache, MIRROR, f"/v2/library/{repository}/blobs/")
        return len([line for line in parts if " GET " in line])

    def mirrors(self, name: str) -> str:
        """The mirrors that are in force there."""
        return self.lab.root(name, "docker info --format '{{.RegistryConfig.Mirrors}}'").strip()


@pytest.fixture(scope="module")
def fleet(lab: Lab) -> Fleet:
    """Hosts in their starting state."""
    lab.reset(*lab.all)
    return Fleet(lab)


@pytest.fixture(scope="module")
def first(fleet: Fleet) -> Ran:
    """The first run: the cache is made, and used, in it."""
    services.forget_requests()
    ran = fleet.deploy()
    assert ran.code == 0, ran.output
    return ran


def test_images_come_from_far_away_as_for_one_host(fleet: Fleet, first: Ran) -> None:
    for name in fleet.others:
        assert not fleet.asked(name, MIRROR, "/v2/library/debian/")
        assert "debian" in fleet.lab.root(name, "docker image ls")
    alone = fleet.deploy(limit=(fleet.others[0],), docker_images=["ubuntu:24.04"])
    assert alone.code == 0, alone.output
    assert fleet.fetched("debian") == fleet.fetched("ubuntu") > 0


def test_packages_come_from_far_away_once(fleet: Fleet, first: Ran) -> None:
    lines = [line.split() for line in fleet.asked(fleet.cache, PACKAGES, ".deb")]
    sizes: dict[str, int] = {}
    for *_, path, _, size in lines:
        sizes[path] = max(sizes.get(path, 0), int(size))
    assert len(sizes) > len(fleet.lab.all)
    # apt-cacher-ng breaks a transfer off now and then, and asks again.
    assert sum(int(line[-1]) for line in lines) < 1.25 * sum(sizes.values())
    for name in fleet.others:
        assert not fleet.asked(name, PACKAGES, ".deb")


def test_the_cache_is_every_hosts_first_mirror(fleet: Fleet, first: Ran) -> None:
    for name in fleet.lab.all:
        assert fleet.mirrors(name) == f"[{fleet.at}:5000/ {fleet.lab.services['mirror']}/]"


def test_the_next_run_finds_nothing_to_change_with_one_command(fleet: Fleet, first: Ran) -> None:
    for name in fleet.lab.all:
        counter.start(name)
    ran = fleet.deploy()
    assert [counter.stop(name) for name in fleet.lab.all] == [1, 1, 1]
    assert "3 hosts: 3 unchanged; nothing was changed." in ran.output, ran.output


def test_with_the_cache_dead_everything_comes_from_where_it_came(fleet: Fleet, first: Ran) -> None:
    fleet.lab.root(fleet.cache, "systemctl stop docker-registry apt-cacher-ng")
    lab, name = fleet.lab, fleet.lab.dirty
    script = "docker pull ubuntu:22.04 && apt-get update -qo APT::Update::Error-Mode=any"
    lab.root(name, script)
    assert fleet.asked(name, MIRROR, "/v2/library/ubuntu/blobs/")
    back = fleet.deploy()
    assert back.code == 0, back.output
    assert "1 changed" in back.output, back.output
    assert "2 unchanged" in back.output, back.output
    assert "inactive" not in lab.root(
        fleet.cache, "systemctl is-active docker-registry apt-cacher-ng"
    )


def test_another_cache_takes_over_and_the_old_one_is_as_before(fleet: Fleet, first: Ran) -> None:
    ran = fleet.deploy(cache_host=fleet.lab.dirty, cache_registry_port=5555)
    assert ran.code == 0, ran.output
    at = f"http://{fleet.lab.data(fleet.lab.dirty)['ssh_hostname']}:5555/"
    for name in fleet.lab.all:
        assert fleet.mirrors(name) == f"[{at} {fleet.lab.services['mirror']}/]"
    left = "/var/lib/docker-registry /etc/apt-cacher-ng /etc/docker/registry"
    left = f"ls -d {left} /etc/systemd/system/docker-registry* 2>/dev/null || true"
    packages = "dpkg -l | grep -E 'docker-registry|apt-cacher' || true"
    assert not fleet.lab.root(fleet.cache, packages)
    assert not fleet.lab.root(fleet.cache, left)


def test_without_the_setting_nothing_of_it_is_left(fleet: Fleet, first: Ran) -> None:
    ran = fleet.deploy(cache_host=None)
    assert ran.code == 0, ran.output
    for name in fleet.lab.all:
        assert fleet.mirrors(name) == f"[{fleet.lab.services['mirror']}/]"
        assert not fleet.lab.root(name, "grep -rls -e 3142 -e rackwright/linux /etc/apt || true")
        assert not fleet.lab.root(
            name, "ls -d /etc/apt/rackwright /usr/local/lib/rackwright || true"
        )
    assert "3 unchanged" in fleet.deploy(cache_host=None).output
