"""Settings: what is accepted, and what is said of what is not."""

from typing import Any, cast

import pytest
from pyinfra.api import Host
from pyinfra.api.host import HostData

from rackwright.laptop.layers import layered
from rackwright.settings import Settings, SettingsError, parse_fleet, parse_settings

LOGIN = {"username": "ci", "password_env": "REGISTRY_PASSWORD"}


def errors(**data: object) -> tuple[str, ...]:
    """The sentences that parse_settings raises for this data."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(data)
    return caught.value.errors


def test_data_that_is_not_ours_is_left_alone() -> None:
    assert parse_settings({"ssh_user": "admin", "_sudo": True, "rack": 4}) == Settings()


def test_an_unknown_name_is_answered_with_the_nearest_right_one() -> None:
    assert errors(docker_registry_mirror=["https://m"]) == (
        "docker_registry_mirror: there is no such setting; the nearest is docker_registry_mirrors",
    )


def test_every_error_of_every_host_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_fleet(
            {
                "b": {"docker_verison": "26.1", "docker_users": ["-x"]},
                "a": {"docker_registry_mirrors": ["https://good.example", "mirror.example"]},
                "c": {"docker_users": ["alice"]},
            }
        )
    assert [error.split(":")[0] for error in caught.value.errors] == ["a", "b", "b"]
    assert caught.value.errors[0].startswith("a: docker_registry_mirrors.1: ")
    assert any(error.startswith("b: docker_users.0: ") for error in caught.value.errors)


def test_a_password_in_the_inventory_is_refused_and_not_repeated() -> None:
    entry = {"username": "ci", "password": "correct horse"}
    said = errors(docker_registry_logins={"r.example:5000": entry})
    path = "docker_registry_logins.r.example:5000.password"
    assert f"{path}: there is no such key; the nearest is password_env" in said
    assert "correct horse" not in "".join(said)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"docker_users": "alice"}, "docker_users: write a list: [...]"),
        ({"docker_containers": {"web": "nginx"}}, "docker_containers.web: write a map: {...}"),
        ({"docker_hold": "maybe"}, "docker_hold: write True or False"),
        ({"host_timeout": "an hour"}, "host_timeout: write a whole number"),
        ({"host_timeout": 0}, "host_timeout: must be greater than or equal to 1"),
        (
            {"docker_log_max_size": "10MB"},
            'docker_log_max_size: write a size such as "10m", or "-1" for never',
        ),
        (
            {"docker_containers": {"web": {"image": "x", "healthcheck": {"retrys": 1}}}},
            "docker_containers.web.healthcheck.retrys: there is no such key; "
            "the nearest is retries",
        ),
        ({"dockr_users": []}, "dockr_users: there is no such setting; the nearest is docker_users"),
    ],
)
def test_an_error_says_what_to_write(entry: dict[str, Any], said: str) -> None:
    assert said in errors(**entry)


def test_a_version_that_was_meant_as_text_says_so() -> None:
    assert errors(docker_version=26.1) == (
        'docker_version: 26.1 is a number; write it in quotes: "26.1"',
    )


@pytest.mark.parametrize("version", ["latest", "26", "26.1", "26.1.5", "5:26.1.5-1~debian.12~b"])
def test_versions(version: str) -> None:
    assert parse_settings({"docker_version": version}).docker_version == version


@pytest.mark.parametrize(
    "data",
    [
        {"docker_version": "newest"},
        {"docker_version": "26.1; reboot"},
        {"docker_version": "26.*"},
        {"docker_channel": "nightly"},
        {"docker_repo_url": "ftp://mirror.example"},
        {"docker_repo_url": "https://m.example/a b"},
        {"docker_repo_url": "https://m.example/$(reboot)"},
        {"docker_registry_mirrors": ["https://user:secret@m.example"]},
        {"docker_registry_mirrors": ["https://m.example/?a=b"]},
        {"docker_registry_mirrors": "https://m.example"},
        {"docker_registry_mirrors": ["https://m.example\nhttps://n.example"]},
        {"docker_insecure_registries": ["http://m.example"]},
        {"docker_insecure_registries": ["-o"]},
        {"docker_users": ["root; reboot"]},
        {"docker_users": ["a" * 65]},
        {"docker_users": ["a b"]},
        {"docker_users": ["a:b"]},
        {"docker_registry_mirrors": ["https://m.example", "https://m.example/"]},
        {"docker_users": ["alice\n"]},
        {"docker_key_fingerprint": "0EBFCD88"},
        {"docker_plugins": ["scan"]},
        {"docker_daemon": {"registry-mirrors": ["https://m.example"]}},
        {"docker_daemon": {"hosts": ["tcp://0.0.0.0:2375"]}},
        {"docker_daemon": {"hosts": ["fd://", "tcp://0.0.0.0:2375"]}},
        {"docker_daemon": {"hosts": ["fd://", "tcp://0.0.0.0:2376"], "tlsverify": True}},
        {"docker_daemon": {"hosts": ["unix:///run/other.sock"]}},
        {"docker_daemon": {"containerd": "/run/other.sock"}},
        {"docker_daemon": {"debug": object()}},
        {"docker_daemon": {"debug": "true"}},
        {"docker_daemon": {"data-root": "/data"}},
        {"docker_daemon": {"log-opts": {"max-file": 3}}},
        {"docker_data_root": "data"},
        {"docker_data_root": "/data/../etc"},
        {"docker_log_max_size": "10 MB"},
        {"docker_no_proxy": ["a b"]},
        {"docker_http_proxy": "http://user:secret@proxy.example:3128"},
        {"docker_verify": True},
        {"docker_registry_logins": {"https://r.example": LOGIN}},
        {"docker_registry_logins": {"r.example/team": LOGIN}},
        {"docker_registry_logins": {"r.example": {**LOGIN, "password_command": "pass r"}}},
        {"docker_registry_logins": {"r.example": {"username": "ci"}}},
        {"docker_registry_logins": {"r.example": {**LOGIN, "username": "-u"}}},
        {"docker_registry_logins": {"r.example": {**LOGIN, "username": "a b"}}},
        {"docker_registry_logins": {"r.example": {**LOGIN, "password_env": "A-B"}}},
        {"docker_registry_logins": {"r.example": {**LOGIN, "users": ["bob"]}}},
    ],
)
def test_bad_values_are_refused_by_path(data: dict[str, object]) -> None:
    assert errors(**data)[0].startswith(next(iter(data)))


@pytest.mark.parametrize("user", ["alice", "Alice.B", "alice@corp.example", "_svc", "1001"])
def test_login_names_of_directory_services(user: str) -> None:
    assert parse_settings({"docker_users": [user]}).docker_users == (user,)


def test_an_empty_list_of_mirrors_takes_them_away_and_none_leaves_them() -> None:
    assert Settings(docker_registry_mirrors=[]).daemon_keys == {"registry-mirrors": []}
    assert Settings(docker_registry_mirrors=None).daemon_keys == {}


def test_networks_are_written_as_docker_shows_them() -> None:
    settings = Settings(docker_insecure_registries=["10.1.2.3/8", "r.example:5000"])
    assert settings.docker_insecure_registries == ("10.0.0.0/8", "r.example:5000")


def test_a_fingerprint_may_be_written_as_people_write_it() -> None:
    spaced = "9dc8 5822 9fc7 dd38 854a  e2d8 8d81 803c 0ebf cd88"
    assert parse_settings({"docker_key_fingerprint": spaced}) == Settings()


def test_daemon_keys_come_from_their_settings() -> None:
    settings = Settings(
        docker_registry_mirrors=["https://m.example/"],
        docker_insecure_registries=["10.0.0.0/8"],
        docker_daemon={"debug": True},
    )
    assert settings.daemon_keys == {
        "registry-mirrors": ["https://m.example"],
        "insecure-registries": ["10.0.0.0/8"],
        "debug": True,
    }
    assert Settings().daemon_keys == {}


def test_exact_versions_are_those_of_docker_s_packages() -> None:
    assert errors(docker_package_versions={"docker-ze": "1-1"})[0].startswith(
        "docker_package_versions.docker-ze: is none of docker-ce, "
    )
    assert errors(docker_package_versions={"containerd.io": "1.7"}) == (
        'docker_package_versions.containerd.io: write a full Debian version ("1.7.24-1", '
        '"2.26.1-1~debian.12~bookworm")',
    )


def test_a_key_that_dockerd_does_not_know_is_answered_with_the_nearest_right_one() -> None:
    assert errors(docker_daemon={"log-level": "warn", "max-concurrent-download": 3}) == (
        "docker_daemon.max-concurrent-download: dockerd has no such key; "
        "the nearest is max-concurrent-downloads",
    )


def test_a_tcp_socket_needs_all_of_tls() -> None:
    tls = {"tlsverify": True, "tlscacert": "/c", "tlscert": "/d", "tlskey": "/e"}
    hosts = ["fd://", "tcp://0.0.0.0:2376"]
    assert Settings(docker_daemon={"hosts": hosts, **tls}).docker_hosts == tuple(hosts)
    refused = errors(docker_daemon={"hosts": hosts, **tls, "tlsverify": False})
    assert "makes everybody who reaches it root" in refused[0]


def test_defaults_are_what_was_not_asked_for() -> None:
    rotation = {"max-size": "10m", "max-file": "3"}
    assert Settings().daemon_defaults == {"live-restore": True, "log-opts": rotation}
    asked = Settings(docker_live_restore=True, docker_log_max_file=5)
    assert asked.daemon_defaults == {}
    assert asked.daemon_keys["log-opts"] == {"max-size": "10m", "max-file": "5"}


def test_maps_are_merged_per_key_over_groups_and_host() -> None:
    host = {"docker_daemon": {"debug": True}, "ssh_user": "admin"}
    group = {"docker_daemon": {"debug": False, "mtu": 1400}, "ssh_user": "root"}
    # pyinfra hands the layers over with the most specific one first.
    assert layered(HostData(cast(Host, None), host, group)) == {
        "docker_daemon": {"debug": True, "mtu": 1400},
        "ssh_user": "admin",
    }
