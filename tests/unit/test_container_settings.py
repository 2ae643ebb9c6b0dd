"""Settings of containers: what is refused, and that nothing in them becomes an option or a line."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.docker.docker_create import fingerprint, labels, options, words
from rackwright.settings import Settings, SettingsError, parse_settings
from rackwright.settings.containers import Container
from rackwright.settings.docker_ports import published


def container(**entry: Any) -> Container:
    """A container of the settings."""
    data = {"docker_containers": {"web": {"image": "debian:12", **entry}}}
    return parse_settings(data).docker_containers["web"]


def refused(data: dict[str, Any]) -> str:
    """Why settings are refused."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(data)
    return str(caught.value)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"image": None}, "docker_containers.web: image: name the image"),
        ({"image": "-it"}, "docker_containers.web.image: "),
        ({"image": "debian:12 --privileged"}, "docker_containers.web.image: "),
        ({"image": "a" * 64}, "docker_containers.web.image: "),
        ({"imag": "x"}, "docker_containers.web.imag: there is no such key"),
        ({"command": ["a\nb"]}, "docker_containers.web.command.0: write one line"),
        ({"command": "a 'b"}, "docker_containers.web.command: No closing quotation"),
        ({"entrypoint": ["a\0"]}, "docker_containers.web.entrypoint.0: write one line"),
        ({"env": {"A": "x\ny"}}, "docker_containers.web.env.A: write one line"),
        ({"env": {"-e": "x"}}, "a variable has only letters"),
        ({"env": {"A": True}}, "docker_containers.web.env.A: write a text, in quotes"),
        ({"secrets": {"A": {}}}, "docker_containers.web.secrets.A: name either env or command"),
        ({"env": {"A": "1"}, "secrets": {"A": {"env": "B"}}}, "env: A is in secrets too"),
        ({"ports": ["80:"]}, "docker_containers.web.ports.0: write a port as"),
        ({"ports": ["\u0668\u0660:80"]}, "docker_containers.web.ports.0: write a port as"),
        ({"user": "m\u00fcller"}, "docker_containers.web.user: write USER or USER:GROUP"),
        ({"ports": ["0:80"]}, "docker_containers.web.ports.0: ports are numbers from 1 to 65535"),
        ({"ports": ["80-81:80"]}, "the two ranges of ports are not of one length"),
        ({"ports": ["1.2.3:80:80"]}, "does not appear to be an IPv4 or IPv6 address"),
        ({"volumes": ["./data:/data"]}, "write VOLUME:/PATH[:OPTIONS] or /PATH:/PATH[:OPTIONS]"),
        ({"volumes": ["data:data"]}, "the second part is an absolute path"),
        ({"volumes": ["data:/d:exec"]}, "there is no option exec"),
        ({"volumes": ["/a\n:/d"]}, "docker_containers.web.volumes.0: write one line"),
        ({"volumes": ["one:/d", "two:/d/"]}, "volumes: two of them are at /d"),
        ({"networks": ["host", "back"]}, "networks: host and none stand alone"),
        ({"networks": ["--internal"]}, "a name here has at least two letters"),
        ({"restart": "sometimes"}, "docker_containers.web.restart: write no, always"),
        ({"user": "-0"}, "docker_containers.web.user: write USER or USER:GROUP"),
        ({"user": "root\n"}, "docker_containers.web.user: write USER or USER:GROUP"),
        ({"workdir": "srv"}, "docker_containers.web.workdir: write an absolute path"),
        ({"hostname": "-web"}, "docker_containers.web.hostname: a host name has only"),
        ({"gpus": 0}, 'docker_containers.web.gpus: write "all", how many'),
        ({"gpus": ["0,1"]}, 'docker_containers.web.gpus: write "all", how many'),
        ({"shm_size": "lots"}, "docker_containers.web.shm_size: write a size"),
        ({"ulimits": {"nofile": "many"}}, "docker_containers.web.ulimits.nofile: write a limit"),
        ({"ulimits": {"files": 1}}, "docker_containers.web.ulimits.files"),
        ({"healthcheck": {"command": "x", "interval": 3}}, "healthcheck.interval"),
        ({"healthcheck": {"interval": "3s"}}, "healthcheck.command: is missing"),
        ({"labels": {"rackwright.spec": "x"}}, "labels of rackwright are not yours to set"),
        ({"labels": {"a=b": "x"}}, "a label has only letters"),
        ({"state": "gone"}, "docker_containers.web.state"),
    ],
)
def test_what_is_refused(entry: dict[str, Any], sentence: str) -> None:
    said = refused({"docker_containers": {"web": {"image": "debian:12", **entry}}})
    assert sentence in said
    assert "\n" not in said


@pytest.mark.parametrize("name", ["", "x", "-web", "a b", "web\n", "web.rackwright-old", "a/b"])
def test_names_that_are_refused(name: str) -> None:
    for setting, entry in (
        ("docker_containers", {"image": "x"}),
        ("docker_networks", {}),
        ("docker_volumes", {}),
        ("docker_compose", {"file": "x"}),
    ):
        if (setting, name) != ("docker_compose", "x"):
            said = refused({setting: {name: entry}})
            assert said.startswith(f"{setting}.{name.strip()}")
            assert said.isprintable()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"docker_networks": {"host": {}}}, "host is a network of Docker's own"),
        ({"docker_networks": {"back": {"subnet": "10.0.0.1/8"}}}, "has host bits set"),
        ({"docker_volumes": {"data": {"state": "absent"}}}, 'write "state": "absent" and "delete"'),
        ({"docker_volumes": {"data": {"delete": True}}}, 'write "state": "absent" and "delete"'),
        ({"docker_compose": {"app": {}}}, "docker_compose.app: name either file or template"),
        ({"docker_compose": {"app": {"file": "x", "vars": {"a": 1}}}}, "only a template has"),
        ({"docker_compose": {"App": {"file": "x"}}}, "a project has only small letters"),
        (
            {"docker_compose": {"app": {"file": "x", "env": {"DOCKER_HOST": "x"}}}},
            "DOCKER_HOST steers docker itself",
        ),
        (
            {"docker_compose": {"app": {"file": "x", "secrets": {"LD_PRELOAD": {"env": "B"}}}}},
            "LD_PRELOAD steers docker itself",
        ),
        (
            {"docker_compose": {"app": {"file": "x"}}, "docker_plugins": []},
            'add "compose" to docker_plugins',
        ),
        (
            {
                "docker_containers": {
                    "one": {"image": "x", "ports": ["8080-8090:80-90"]},
                    "two": {"image": "x", "ports": ["127.0.0.1:8085:1"]},
                }
            },
            "one and two both take the host's port 8085/tcp",
        ),
        (
            {
                "docker_containers": {"one": {"image": "x", "networks": ["back"]}},
                "docker_networks": {"back": {"state": "absent"}},
            },
            "docker_containers.one.networks: back is absent in docker_networks",
        ),
        (
            {
                "docker_containers": {"one": {"image": "x", "volumes": ["data:/d"]}},
                "docker_volumes": {"data": {"state": "absent", "delete": True}},
            },
            "docker_containers.one.volumes: data is absent in docker_volumes",
        ),
    ],
)
def test_what_does_not_fit_together(data: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(data)


def test_a_whole_container_as_words_of_docker() -> None:
    whole = container(
        command="serve --all",
        entrypoint=["/bin/app", "-v"],
        env={"B": 2, "A": "it's"},
        ports=[80, "127.0.0.1:8080:80/udp"],
        volumes=["data:/data", "/srv:/srv:ro"],
        networks=["front", "back"],
        user="1000:1000",
        tty=True,
        stdin_open=True,
        gpus=[0, 1],
        shm_size="8g",
        ulimits={"memlock": -1},
        labels={"team": "a=b"},
        healthcheck={"command": "test -e /x", "interval": "5s", "start_period": "1m"},
    )
    assert options(whole) == (
        "--restart=unless-stopped",
        "--user=1000:1000",
        '--gpus="device=0,1"',
        "--shm-size=8g",
        "--tty=true",
        "--interactive=true",
        "--network=front",
        "--entrypoint=/bin/app",
        "--publish=80",
        "--publish=127.0.0.1:8080:80/udp",
        "--volume=data:/data",
        "--volume=/srv:/srv:ro",
        "--env=A=it's",
        "--env=B=2",
        "--ulimit=memlock=-1",
        "--label=team=a=b",
        "--health-cmd=test -e /x",
        "--health-interval=5s",
        "--health-start-period=1m",
    )
    assert words(whole) == ("debian:12", "-v", "serve", "--all")


@pytest.mark.parametrize(
    ("port", "taken"),
    [
        ("80", set()),
        ("80-81:90-91", {("", "tcp", 80), ("", "tcp", 81)}),
        ("0.0.0.0:53:53/udp", {("", "udp", 53)}),
        ("[::1]:80:80", {("::1", "tcp", 80)}),
    ],
)
def test_ports_of_the_host(port: str, taken: set[tuple[str, str, int]]) -> None:
    assert set(published(port)) == taken


text = st.one_of(st.text("-ab0.:/\n ", max_size=6), st.text(max_size=8))
entries = st.fixed_dictionaries(
    {"image": st.one_of(text, st.just("debian:12"))},
    optional={
        "command": st.lists(text, max_size=2),
        "entrypoint": st.lists(text, max_size=2),
        "env": st.dictionaries(text, text, max_size=2),
        "ports": st.lists(text, max_size=1),
        "volumes": st.lists(st.one_of(text, text.map("/a:/{}".format)), max_size=1),
        "networks": st.lists(text, max_size=2),
        "restart": text,
        "user": text,
        "workdir": text.map("/{}".format),
        "hostname": text,
        "tty": st.booleans(),
        "stdin_open": st.booleans(),
        "gpus": st.one_of(text, st.lists(text)),
        "shm_size": text,
        "labels": st.dictionaries(text, text, max_size=2),
        "healthcheck": st.fixed_dictionaries({"command": text}, optional={"interval": text}),
    },
)


@given(text, entries)
def test_nothing_becomes_an_option_or_a_second_line(name: str, entry: dict[str, Any]) -> None:
    try:
        settings = parse_settings({"docker_containers": {name: entry}})
    except SettingsError:
        return
    (made,) = settings.docker_containers.values()
    given_options = (*labels(name, made, ""), *options(made))
    assert all(re.fullmatch(r"--[a-z-]+=.*", each) for each in given_options)
    assert not name.startswith("-") and not words(made)[0].startswith("-")
    everything = " ".join((name, *given_options, *words(made), *made.networks))
    assert not re.search(r"[\n\r\0]", everything)


values = st.text("ab\"'$ ", max_size=3)


@given(
    st.dictionaries(st.sampled_from("ABC"), values), st.dictionaries(st.sampled_from("ab"), values)
)
def test_the_order_of_a_map_makes_no_other_container(
    env: dict[str, str], more: dict[str, str]
) -> None:
    turned = dict(reversed(env.items()))
    assert fingerprint(container(env=env, labels=more)) == fingerprint(
        container(env=turned, labels=more)
    )


def test_what_makes_another_container() -> None:
    kinds = [
        container(),
        container(command="x"),
        container(entrypoint="x"),
        container(env={"A": "1"}),
        container(env={"A": "2"}),
        container(secrets={"A": {"env": "B"}}),
        container(networks=["one"]),
        container(networks=["one", "two"]),
        container(restart="no"),
        container(tty=True),
        container(stdin_open=True),
    ]
    assert len({fingerprint(each) for each in kinds}) == len(kinds)
    same = [
        container(state="stopped"),
        container(wait=5),
        container(tty=False, stdin_open=False),
    ]
    assert {fingerprint(each) for each in same} == {fingerprint(container())}
    from_elsewhere = container(secrets={"A": {"command": "pass a"}})
    assert fingerprint(from_elsewhere) == fingerprint(container(secrets={"A": {"env": "B"}}))


def test_hosts_without_containers_are_not_looked_at_for_them() -> None:
    assert not Settings().docker_workload
    for setting in ("docker_networks", "docker_volumes"):
        assert parse_settings({setting: {"some": {}}}).docker_workload
