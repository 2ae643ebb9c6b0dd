"""The mirror doctor on real hosts: each tries its mirrors out and uses those that are alive."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab import counter, services
from tests.lab.fleet import Lab, Ran

ASKED = ("slow", "dead", "hanging", "forbidden", "stale", "https", "private", "mirror", "token")
LEFT_OUT = {
    "dead": "is left out: it is out of reach (curl: (7) Failed to connect",
    "hanging": "is left out: it hangs, the manifest of library/hello-world:latest did not come",
    "forbidden": "is left out: it answers HTTP 403 to whoever asks for the manifest of",
    "stale": "is left out: it is stale, its library/hello-world:latest is not that of docker_m",
    "https": "is left out: it is out of reach (curl: (60) SSL certificate problem: self-signed",
    "private": "is left out: it answers HTTP 401 to whoever asks",
}
CONTAINER = "docker inspect keeps --format '{{.State.StartedAt}} {{.State.Pid}} {{.RestartCount}}'"
DAEMON = "systemctl show docker --property=MainPID,ActiveEnterTimestampMonotonic"


def urls(lab: Lab, *names: str) -> list[str]:
    """The addresses of the lab's mirrors with these names."""
    return [lab.services[name] for name in names]


def run(lab: Lab, *mirrors: str, flags: tuple[str, ...] = ("-y",), **data: Any) -> Ran:
    """deploy.py on one host (`debian13`) with these mirrors, which has to succeed."""
    wanted = {"docker_registry_mirrors": urls(lab, *mirrors), **data}
    ran = lab.deploy(*flags, limit=[lab.debian13], data={lab.debian13: wanted})
    assert ran.code == 0, ran.output
    return ran


def written(lab: Lab, name: str) -> list[str]:
    """The mirrors in a host's daemon.json, which have to be in force."""
    host = lab.inspect(name)
    mirrors: list[str] = json.loads(host.file("/etc/docker/daemon.json").content_string)[
        "registry-mirrors"
    ]
    info = json.loads(host.check_output("docker info --format '{{json .RegistryConfig.Mirrors}}'"))
    assert [mirror.rstrip("/") for mirror in info or []] == mirrors
    return mirrors


def probings(lab: Lab) -> int:
    """How often `debian13` tried the mirror that forbids everything, since its lab came up."""
    address = lab.data(lab.debian13)["ssh_hostname"]
    return len(services.requests(address, services.PORTS["forbidden"], "hello-world"))


@pytest.fixture(scope="module", autouse=True)
def before(lab: Lab) -> dict[str, str]:
    """Converged hosts with a container; when it and the daemon started."""
    lab.reset(*lab.all)
    ran = lab.deploy()
    assert ran.code == 0, ran.output
    for name in lab.all:
        lab.root(name, "docker run -d --name keeps debian:12 sleep 100000")
    return {name: lab.root(name, f"{CONTAINER}; {DAEMON}") for name in lab.all}


@pytest.fixture(scope="module")
def chosen(lab: Lab, before: dict[str, str]) -> Ran:
    """The run that is asked for good and bad mirrors, on all hosts."""
    ran = lab.deploy(data={n: {"docker_registry_mirrors": urls(lab, *ASKED)} for n in lab.all})
    assert ran.code == 0, ran.output
    return ran


@pytest.mark.parametrize("kind", ["dirty", "debian13", "ubuntu"])
def test_only_live_mirrors_are_written_and_the_slowest_is_last(
    lab: Lab, chosen: Ran, kind: str
) -> None:
    mirrors = written(lab, getattr(lab, kind))
    assert set(mirrors) == set(urls(lab, "mirror", "token", "slow"))
    # Two of a kind: the one that wants a token is asked more often.
    fast, slow = urls(lab, "mirror", "slow")
    assert mirrors.index(fast) < mirrors.index(slow)


def test_the_others_are_named_with_their_reasons(lab: Lab, chosen: Ran) -> None:
    plans, _, table = chosen.output.rpartition("outcome")
    in_one_line = " ".join(table.replace("│", " ").split())
    for name, reason in LEFT_OUT.items():
        sentence = f"the mirror {lab.services[name]} {reason}"
        assert plans.count(sentence) >= 2, chosen.output
        assert in_one_line.count(sentence) >= 2, chosen.output


def test_a_change_of_mirrors_touches_no_container_and_no_daemon(
    lab: Lab, chosen: Ran, before: dict[str, str]
) -> None:
    assert {n: lab.root(n, f"{CONTAINER}; {DAEMON}") for n in lab.all} == before
    assert "impact: reload" in chosen.output


def test_the_next_run_finds_nothing_to_change_with_one_command(lab: Lab, chosen: Ran) -> None:
    counter.start(lab.debian13)
    ran = run(lab, *ASKED)
    assert counter.stop(lab.debian13) == 1
    assert "1 host: 1 unchanged" in ran.output
    assert f"the mirror {lab.services['dead']} {LEFT_OUT['dead']}" in ran.output


def test_an_edit_by_hand_is_seen_and_taken_back(lab: Lab, chosen: Ran) -> None:
    order = written(lab, lab.debian13)
    edit = "sed -i 's|:5005|:5001|' /etc/docker/daemon.json; systemctl reload docker"
    lab.root(lab.debian13, edit)
    before = probings(lab)
    dry = run(lab, *ASKED, flags=("--dry",))
    assert "/etc/docker/daemon.json: registry-mirrors: " in dry.output
    assert "1 change" in run(lab, *ASKED).output
    assert written(lab, lab.debian13) == order
    assert probings(lab) == before
    run(lab, *ASKED[1:], flags=("--dry",))
    assert probings(lab) == before + 1


def test_a_run_that_dies_between_the_two_files_is_taken_up(lab: Lab, chosen: Ran) -> None:
    old = lab.root(lab.debian13, "cat /etc/docker/daemon.json")
    lab.deploy_and_kill(lab.debian13, at="The new daemon.json is at hand")
    memory = json.loads(lab.root(lab.debian13, "cat /var/lib/rackwright/mirrors.json"))
    assert memory["chosen"] == urls(lab, "mirror")
    assert lab.root(lab.debian13, "cat /etc/docker/daemon.json") == old
    run(lab, "mirror")
    assert written(lab, lab.debian13) == urls(lab, "mirror")
    assert "1 host: 1 unchanged" in run(lab, "mirror").output


def test_with_all_dead_the_host_pulls_from_docker_hub(lab: Lab) -> None:
    ran = run(lab, "dead", "forbidden")
    sentence = "no mirror can be used: the host pulls from Docker Hub itself"
    plans, _, table = ran.output.rpartition("outcome")
    assert sentence in plans
    assert sentence in table
    assert written(lab, lab.debian13) == []
    assert "1 host: 1 unchanged" in run(lab, "dead", "forbidden").output


def test_a_mirror_that_comes_back_is_found_when_every_run_probes(lab: Lab) -> None:
    serve = f"ip route add blackhole {lab.services['mirror'].split('//')[1].split(':')[0]}"
    run(lab, "mirror")
    lab.root(lab.debian13, serve)
    inventory = lab.inventory({lab.debian13: {"docker_registry_mirrors": urls(lab, "mirror")}})
    checked = lab.pyinfra("-y", str(inventory), "tasks.check.check", "--limit", lab.debian13)
    assert checked.code == 1
    assert "registry mirrors" in checked.output
    assert "1 of 1 in use" in checked.output
    assert "0 of 1 in use" in checked.output
    run(lab, "mirror", docker_mirror_probe="always")
    assert written(lab, lab.debian13) == []
    lab.root(lab.debian13, serve.replace("add", "del"))
    assert "1 host: 1 unchanged" in run(lab, "mirror").output
    run(lab, "mirror", docker_mirror_probe="always")
    assert written(lab, lab.debian13) == urls(lab, "mirror")
    assert "1 host: 1 unchanged" in run(lab, "mirror", docker_mirror_probe="always").output


def test_without_a_probe_they_are_written_as_given(lab: Lab) -> None:
    run(lab, "dead", "mirror", docker_mirror_probe=False)
    assert written(lab, lab.debian13) == urls(lab, "dead", "mirror")
    assert not lab.inspect(lab.debian13).file("/var/lib/rackwright/mirrors.json").exists


def test_without_a_reference_the_majority_says_who_is_stale(lab: Lab) -> None:
    nobody = lab.services["dead"]
    dry = run(
        lab, "stale", "mirror", "token", flags=("--dry",), docker_mirror_reference=nobody
    ).output
    assert f"{lab.services['stale']} is left out: it is stale" in dry
    assert "is not that of most mirrors" in dry
    undecided = run(lab, "stale", "mirror", flags=("--dry",), docker_mirror_reference=nobody).output
    assert "the mirrors do not agree on library/hello-world:latest" in undecided
    assert "is left out" not in undecided


@pytest.fixture
def own_certificate(lab: Lab) -> Iterator[None]:
    """The certificate of the https mirror, where dockerd looks for it."""
    at = lab.services["https"].removeprefix("https://")
    folder = f"/etc/docker/certs.d/{at}"
    lab.root(
        lab.debian13,
        f"mkdir -p {folder}; openssl s_client -connect {at} </dev/null 2>/dev/null"
        f" | openssl x509 > {folder}/ca.crt",
    )
    yield
    lab.root(lab.debian13, "rm -r /etc/docker/certs.d")


def test_a_certificate_that_dockerd_trusts_is_trusted(lab: Lab, own_certificate: None) -> None:
    dry = run(lab, "https", flags=("--dry",)).output
    assert "registry mirrors: never tried out from this host -> 1 of 1 in use" in dry
    assert f'-> ["{lab.services["https"]}"]' in dry
    assert "is left out" not in dry


def test_a_mirror_among_the_insecure_registries_needs_no_good_certificate(lab: Lab) -> None:
    run(lab, "https")
    assert written(lab, lab.debian13) == []
    at = lab.services["https"].removeprefix("https://")
    run(lab, "https", docker_insecure_registries=[at])
    assert written(lab, lab.debian13) == urls(lab, "https")


@pytest.fixture
def no_curl(lab: Lab) -> Iterator[None]:
    """A host without curl, as Debian's installer leaves it."""
    lab.root(lab.debian13, "mv /usr/bin/curl /usr/bin/curl.away")
    yield
    lab.root(lab.debian13, "mv /usr/bin/curl.away /usr/bin/curl")


def test_wget_does_as_well_and_without_either_they_are_written_as_given(
    lab: Lab, no_curl: None
) -> None:
    lab.root(lab.debian13, "! test -e /usr/bin/wget || mv /usr/bin/wget /usr/bin/wget.away")
    ran = run(lab, "dead", "mirror")
    assert "the mirrors are used as given: no curl or wget is there" in ran.output
    assert written(lab, lab.debian13) == urls(lab, "dead", "mirror")
    lab.root(
        lab.debian13,
        "if test -e /usr/bin/wget.away; then mv /usr/bin/wget.away /usr/bin/wget;"
        " else apt-get update -q && apt-get install -qy --no-install-recommends wget; fi",
    )
    ran = run(lab, "dead", "token", "slow")
    assert "is left out: it is out of reach (failed: Connection refused.)" in ran.output
    assert set(written(lab, lab.debian13)) == set(urls(lab, "token", "slow"))
