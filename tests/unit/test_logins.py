"""Registry logins: who is logged in anew, who is left alone, and what is kept of a password."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from rackwright.laptop.passwords import PasswordError, Passwords, password
from rackwright.look.observed import Observed
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.settings import Settings
from rackwright.steps.logins import LoginsStep
from tests.unit.states import BARE, PASSWORDS, after

REGISTRY = "registry.example:5000"


def wanted(**changed: Any) -> Settings:
    """Settings with a login of root and alice."""
    entry = {"username": "ci", "password_env": "OLD", "users": ["root", "alice"], **changed}
    return Settings.model_validate(
        {"docker_users": ["alice", "bob"], "docker_registry_logins": {REGISTRY: entry}}
    )


def step(settings: Settings, host: Observed, passwords: Passwords = PASSWORDS) -> LoginsStep:
    """The logins of the plan, which has to have some."""
    logins = plan(settings, host, passwords=passwords).logins
    assert logins is not None
    return logins


@pytest.fixture
def host() -> Observed:
    """A converged host with these logins."""
    return after(wanted(), BARE, plan(wanted(), BARE, passwords=PASSWORDS))


def test_a_new_login(host: Observed) -> None:
    first = step(wanted(), BARE)
    assert [(each.user, each.registry) for each in first.logins] == [
        ("root", REGISTRY),
        ("alice", REGISTRY),
    ]
    assert first.changes[0].before == "not logged in"
    assert [each["digest"] for each in json.loads(first.before)["logins"]] == ["", ""]
    assert plan(wanted(), host, passwords=PASSWORDS).empty


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"username": "robot"}, "it was ci before"),
        ({"password_env": "NEW"}, "the password is another one now"),
    ],
)
def test_a_login_that_changed(host: Observed, changed: dict[str, str], reason: str) -> None:
    again = step(wanted(**changed), host)
    assert {change.reason for change in again.changes} == {reason}
    assert len(again.logins) == 2
    assert again.logouts == ()


def test_another_name_for_the_same_password_is_no_change(host: Observed) -> None:
    same = Passwords({("command", "pass x"): SecretStr("old")}, salt="11" * 16)
    settings = wanted(password_env=None, password_command="pass x")  # noqa: S106  a command
    assert plan(settings, host, passwords=same).empty


def test_a_login_that_somebody_took_away(host: Observed) -> None:
    again = step(wanted(), replace(host, logins=frozenset({("root", REGISTRY)})))
    assert [each.user for each in again.logins] == ["alice"]
    assert again.changes[0].reason == "somebody logged out"


@pytest.mark.parametrize(
    ("settings", "out"),
    [
        (wanted(users=["root"]), ["alice"]),
        (wanted(users=["root", "bob"]), ["alice"]),
        (Settings(docker_users=["alice", "bob"]), ["root", "alice"]),
    ],
)
def test_who_is_taken_out_is_logged_out(host: Observed, settings: Settings, out: list[str]) -> None:
    again = step(settings, host)
    assert [each.user for each in again.logouts] == out
    assert {each["user"] for each in json.loads(again.before)["logins"]} >= set(out)
    assert not {each["user"] for each in json.loads(again.after)["logins"]} & set(out)


def test_logins_of_the_admin_are_not_ours() -> None:
    host = replace(BARE, logins=frozenset({("root", REGISTRY), ("alice", "admin.example")}))
    assert plan(Settings(), host).logins is None
    assert step(wanted(), host).changes[0].before == "logged in"


def test_a_memory_that_was_cut_short_leads_to_a_new_login(host: Observed) -> None:
    assert len(step(wanted(), replace(host, logins_json=host.logins_json[:-9])).logins) == 2  # type: ignore[index]


def test_a_run_that_died_at_a_login_is_taken_up(host: Observed) -> None:
    died = replace(host, logins_json=step(wanted(), BARE).before)
    for passwords in (PASSWORDS, None):
        again = plan(wanted(), died, passwords=passwords).logins
        assert again is not None
        assert {change.reason for change in again.changes} == {"an earlier run did not get to it"}


def test_no_password_is_in_a_plan() -> None:
    shown: list[Plan | Passwords] = [plan(wanted(), BARE, passwords=PASSWORDS), PASSWORDS]
    secret = Passwords({("env", "OLD"): SecretStr("unlikely")})
    shown += [plan(wanted(), BARE, passwords=secret), secret]
    assert "unlikely" not in repr(shown)


def test_a_digest_depends_on_password_and_salt() -> None:
    old, new = ("env", "OLD"), ("env", "NEW")
    digests = {PASSWORDS.digest(each, salt) for each in (old, new) for salt in ("00", "01")}
    assert len(digests) == 4
    assert Passwords().salt != Passwords().salt


def test_a_password_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRACTICE", "one two")
    assert password(("env", "PRACTICE")).get_secret_value() == "one two"


def test_a_password_from_a_command_is_asked_for_once(tmp_path: Path) -> None:
    command = f"sh -c 'echo called >> {tmp_path}/calls; printf \"a\\nb\\n\\n\"'"
    assert password(("command", command)).get_secret_value() == "a\nb"
    assert password(("command", command)).get_secret_value() == "a\nb"
    assert (tmp_path / "calls").read_text() == "called\n"


def test_a_command_cannot_ask_at_the_terminal() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"typed\n")
    before = os.dup(0)
    os.dup2(reader, 0)
    try:
        with pytest.raises(PasswordError, match="exit code 1"):
            password(("command", "sh -c 'read line && echo $line'"))
    finally:
        os.dup2(before, 0)
        for each in (reader, writer, before):
            os.close(each)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (("env", "RACKWRIGHT_NOT_SET"), "RACKWRIGHT_NOT_SET is not set; set it on this machine"),
        (("command", "sh -c 'echo first >&2; echo locked >&2; exit 3'"), "exit code 3: locked$"),
        (("command", "false"), "exit code 1: it did not say why$"),
        (("command", "true"), "printed no password"),
        (("command", "/nonexistent"), "cannot be run"),
        (("command", "'"), "cannot be run: No closing quotation"),
    ],
)
def test_a_password_that_cannot_be_had(source: tuple[str, str], words: str) -> None:
    with pytest.raises(PasswordError, match=words):
        password(source)
