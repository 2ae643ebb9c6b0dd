"""The probe's answer, parsed: as recorded on real hosts, and as it arrives when things go wrong."""

from pathlib import Path

import pytest

from rackwright.observed import Engine, Package, ProbeError, parse

RECORDED = Path(__file__).parents[1] / "recorded"


def recorded(name: str) -> list[str]:
    """Lines of a recorded answer."""
    return (RECORDED / f"{name}.txt").read_text().splitlines()


def test_a_bare_host() -> None:
    host = parse(recorded("bare-debian13"))
    assert (host.distro, host.release, host.codename) == ("debian", "13", "trixie")
    assert host.architecture == "amd64"
    assert (host.uid, host.through_sudo) == (0, True)
    assert host.packages == {}
    assert host.daemon_json is None
    assert host.docker_group is None
    assert host.users == {"admin", "alice"}
    assert host.engine is None
    assert host.has_systemd


def test_a_host_identified_as_ubuntu() -> None:
    host = parse(recorded("bare-ubuntu24"))
    assert (host.distro, host.release, host.codename) == ("ubuntu", "24.04", "noble")


def test_a_dirty_host() -> None:
    host = parse(recorded("dirty-debian12"))
    assert set(host.packages) == {"containerd", "docker.io", "runc"}
    assert list(host.apt_sources) == ["/etc/apt/sources.list.d/docker.list"]
    assert host.apt_sources["/etc/apt/sources.list.d/docker.list"].startswith("deb [arch=amd64")
    assert '"owner=infra"' in (host.daemon_json or "")
    assert host.engine == Engine(
        version="20.10.24+dfsg1",
        insecure_registries=("127.0.0.0/8",),
        containers=("old-app",),
    )


def test_half_a_docker_and_a_loud_login() -> None:
    assert recorded("half-debian13")[0] == "Welcome"
    host = parse(recorded("half-debian13"))
    assert host.packages["less"] == Package("668-1", "iU")
    assert not host.packages["less"].whole
    assert host.packages["docker-ce-cli"].whole
    assert "docker-ce" not in host.packages


@pytest.mark.parametrize("name", ["converged-debian12", "converged-debian13", "converged-ubuntu24"])
def test_a_converged_host(name: str) -> None:
    host = parse(recorded(name))
    assert host.docker_group == frozenset({"admin", "alice"})
    assert host.keyring == {"F6B836A6D4C81D0CAA4BE48A2D2F346B0EB88142"}
    assert host.unit["UnitFileState"] == "enabled"
    assert host.engine is not None
    assert host.engine.registry_mirrors == ("http://172.18.0.2:5000/",)


def test_a_login_without_sudo_says_what_sudo_said() -> None:
    with pytest.raises(ProbeError, match="it said: sudo: a password is required"):
        parse(recorded("no-sudo"))


@pytest.mark.parametrize("kept", [2, 5, 10])
def test_an_answer_that_broke_off_is_not_taken_for_a_bare_host(kept: int) -> None:
    with pytest.raises(ProbeError, match="broke off"):
        parse(recorded("converged-debian12")[:kept])


def test_an_answer_that_was_changed_on_its_way() -> None:
    lines = [
        line[:-1] if line.startswith("daemon_json") else line
        for line in recorded("converged-debian12")
    ]
    with pytest.raises(ProbeError, match="cut or changed"):
        parse(lines)


@pytest.mark.parametrize("lines", [[], [""], ["@@rackwright-begin", "@@rackwright-end"]])
def test_an_answer_without_content(lines: list[str]) -> None:
    with pytest.raises(ProbeError):
        parse(lines)


def test_insecure_registries_by_name_are_seen() -> None:
    registries = (
        '{"IndexConfigs":{"docker.io":{"Secure":true},"r.example:5000":{"Secure":false}},'
        '"InsecureRegistryCIDRs":["10.0.0.0/8"],"Mirrors":null}'
    )
    lines = [
        f"engine_registries {registries}" if line.startswith("engine_registries") else line
        for line in recorded("converged-debian12")
    ]
    engine = parse(lines).engine
    assert engine is not None
    assert set(engine.insecure_registries) == {"r.example:5000", "10.0.0.0/8"}
