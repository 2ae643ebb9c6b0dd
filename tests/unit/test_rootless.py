"""Docker daemons of single users: who gets one, who loses it, and the commands for it."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from rackwright.docker.rootless import as_user, delete_data, remove
from rackwright.host.error import RefusedError
from rackwright.marks import STATE
from rackwright.planning import plan
from rackwright.settings import Settings, SettingsError, parse_settings
from rackwright.steps.rootless import rootless_step
from tests.unit.states import BARE

BOB = Settings(docker_rootless_users=["bob"], docker_registry_mirrors=["https://m.example"])


def test_a_user_gets_a_daemon_with_the_mirrors() -> None:
    step = rootless_step(BOB, BARE)
    assert step and step.set_up == ("bob",)
    assert step.daemon_json == '{"registry-mirrors": ["https://m.example"]}'
    ready = replace(BARE, rootless_users=frozenset({"bob"}), rootless_ready=frozenset({"bob"}))
    assert rootless_step(BOB, ready) is None


def test_who_is_taken_out_loses_it_and_the_plan_names_what_stops() -> None:
    both = frozenset({"bob", "dave"})
    host = replace(
        BARE,
        rootless_users=both,
        rootless_ready=both,
        rootless_containers=("dave/app", "bob/web"),
    )
    step = rootless_step(BOB, host)
    assert step and step.removed == ("dave",)
    assert step.changes[0].stops == ("dave/app",)


def test_a_user_who_does_not_exist_is_refused() -> None:
    with pytest.raises(RefusedError, match="docker_rootless_users names zoe, who does not exist"):
        plan(Settings(docker_rootless_users=["zoe"]), BARE)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"docker_rootless_users": ["root"]}, "root has no use"),
        (
            {"docker_rootless_users": ["bob"], "docker_users": ["bob"]},
            "bob is in docker_users too",
        ),
    ],
)
def test_settings_that_make_no_sense(data: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        parse_settings(data)


def test_a_user_who_was_deleted_meanwhile_is_forgotten(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "rootless-users").write_text("gone\nbob\n")
    (state / "linger-gone").touch()
    for command in [*remove("gone"), delete_data("gone")]:
        subprocess.run(["sh", "-c", command.replace(STATE, str(state))], check=True)
    assert (state / "rootless-users").read_text() == "bob\n"
    assert not (state / "linger-gone").exists()


@pytest.mark.parametrize(
    "command", [as_user("al.ice@x", "echo 'a b'"), *remove("al.ice@x")], ids=str
)
def test_commands_are_shell(command: str) -> None:
    subprocess.run(["sh", "-n", "-c", command], check=True)
