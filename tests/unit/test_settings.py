"""Settings: what is accepted, and what is said of what is not."""

import pytest

from rackwright.settings import Settings, SettingsError, parse_fleet, parse_settings


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
        {"docker_daemon": {"debug": object()}},
        {"docker_verify": True},
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
