"""The probe's answer, parsed: as recorded on real hosts, and as it arrives when things go wrong."""

import base64
from pathlib import Path

import pysequoia
import pytest

from rackwright.host.answer import BEGIN as ANSWER
from rackwright.look.answer import parse
from rackwright.look.observed import Engine, Package, ProbeError

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
        debug=True,
        labels=("owner=infra",),
        holds="1 container and 1 image",
        containers=("old-app",),
    )


def test_half_a_docker_and_a_loud_login() -> None:
    assert recorded("half-debian13")[0] == "Welcome"
    host = parse(recorded("half-debian13"))
    assert host.packages["less"] == Package("668-1", "iU")
    assert not host.packages["less"].whole
    assert host.packages["docker-ce-cli"].whole
    assert "docker-ce" not in host.packages


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ([""], ""),
        (["Welcome", ""], "Welcome"),
        (["Welcome", "to this host"], "Welcome / to this host"),
        (["", ""], "an empty line"),
    ],
)
def test_what_the_login_says_first_and_nothing_else_is_a_greeting(
    before: list[str], said: str
) -> None:
    sudo = "sudo: unable to resolve host node7: Name or service not known"
    assert parse([*before, ANSWER, sudo, *recorded("bare-debian13")]).greeting == said


@pytest.mark.parametrize("name", ["converged-debian12", "converged-debian13", "converged-ubuntu24"])
def test_a_converged_host(name: str) -> None:
    host = parse(recorded(name))
    assert host.docker_group == frozenset({"admin", "alice"})
    assert [len(fingerprint) for fingerprint in host.keyring or ()] == [40]
    assert host.unit["UnitFileState"] == "enabled"
    assert host.engine is not None
    assert len(host.engine.registry_mirrors) == 1
    assert host.engine.live_restore
    assert not host.engine.swarm
    assert host.engine.data_root == "/var/lib/docker"
    assert set(host.owned_keys) == {"live-restore", "log-opts", "registry-mirrors"}
    assert host.restart_pending is None


def test_what_would_go_with_the_packages_in_the_way() -> None:
    lines = recorded("dirty-debian12")
    assert parse(lines).dependents == ()
    assert parse([*lines[:-1], "dependent site-tool", lines[-1]]).dependents == ("site-tool",)


def test_a_restart_is_pending_until_docker_was_started_anew() -> None:
    lines = recorded("converged-debian13")
    (started,) = [line.split()[-1] for line in lines if "InvocationID" in line]
    keys = frozenset({"bip", "mtu"})
    for text, pending in (
        (started, frozenset()),
        (f"{started}\nmtu\nbip", keys),
        (f"{'0' * 32}\nbip", None),
        ("", None),
    ):
        mark = base64.b64encode(f"{text}\n".encode()).decode()
        host = parse([*lines[:-1], f"restart_pending /var/lib/x {mark}", lines[-1]])
        assert host.restart_pending == pending


def test_a_login_without_sudo_says_what_sudo_said() -> None:
    with pytest.raises(ProbeError, match="it said: sudo: a password is required"):
        parse(recorded("no-sudo"))


@pytest.mark.parametrize("kept", [2, 5, 10])
def test_an_answer_that_broke_off_is_not_taken_for_a_bare_host(kept: int) -> None:
    with pytest.raises(ProbeError, match="broke off"):
        parse(recorded("converged-debian12")[:kept])


def test_containers_that_docker_did_not_name_are_not_taken_for_none() -> None:
    lines = [line for line in recorded("running-debian12") if not line.startswith("container ")]
    lines.insert(-1, "containers_unknown yes")
    with pytest.raises(ProbeError, match="which containers run here"):
        parse(lines)


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


def test_logins_are_seen_by_user_and_registry() -> None:
    lines = recorded("converged-debian12")
    told = ["login root registry.example:5000", "login alice https://index.docker.io/v1/"]
    assert parse([*lines[:-1], *told, lines[-1]]).logins == {
        ("root", "registry.example:5000"),
        ("alice", "https://index.docker.io/v1/"),
    }


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


def test_source_files_keep_every_byte_and_keyrings_may_be_binary() -> None:
    key = pysequoia.Tsk.generate(user_id="Test <test@example.org>").extract_certificate()
    latin = "# für\n".encode("latin-1")
    lines = [
        f"apt_source /etc/apt/sources.list.d/x.list {b64(latin)}",
        f"trusted_keyring /etc/apt/trusted.gpg.d/docker.gpg {b64(bytes(key))}",
        f"trusted_keyring /etc/apt/trusted.gpg {b64(b'')}",
        f"keyring /etc/apt/keyrings/docker.asc {b64(b'<html>')}",
    ]
    host = parse([*recorded("bare-debian13")[:-1], *lines, recorded("bare-debian13")[-1]])
    ((path, text),) = host.apt_sources.items()
    assert path.endswith("/x.list")
    assert text.encode(errors="surrogateescape") == latin
    assert host.trusted_keyrings == {
        "/etc/apt/trusted.gpg.d/docker.gpg": {key.fingerprint.upper()},
        "/etc/apt/trusted.gpg": frozenset(),
    }
    assert host.keyring == frozenset()


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()
