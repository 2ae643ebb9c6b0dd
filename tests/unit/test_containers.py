"""The workload's steps: what is made, left alone, refused and never touched."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from pydantic import SecretStr

from rackwright.change import Impact
from rackwright.docker.docker_create import fingerprint
from rackwright.guard import blocked
from rackwright.host.error import RefusedError
from rackwright.laptop.compose_files import with_compose_files
from rackwright.laptop.passwords import Passwords, fleet_passwords
from rackwright.look.answer import parse
from rackwright.look.workload import (
    FoundContainer,
    FoundNetwork,
    FoundProject,
    FoundVolume,
    Workload,
)
from rackwright.marks import COMPOSE
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.settings import Settings, SettingsError, parse_settings
from rackwright.settings.containers import Container
from tests.unit.states import BARE, PASSWORDS, after
from tests.unit.test_observed import recorded
from tests.unit.workloads import (
    NONE,
    after_workload,
    found_workloads,
    rendered,
    wanted_workloads,
)

HOST = after(Settings(), BARE, plan(Settings(), BARE))


def planned(
    settings: Settings, found: Workload = NONE, passwords: Passwords | None = PASSWORDS
) -> Plan:
    """The plan of a host that has its engine, and on which this runs."""
    return plan(settings, replace(HOST, workload=found), passwords=passwords)


def wanted(**entry: Any) -> Settings:
    """Settings with a container web."""
    return parse_settings({"docker_containers": {"web": {"image": "debian:12", **entry}}})


def web(**entry: Any) -> Container:
    """The container of these settings."""
    return wanted(**entry).docker_containers["web"]


def running(settings: Settings, **changed: Any) -> Workload:
    """What runs when these settings are in force, with web changed."""
    there = after_workload(settings, NONE, planned(settings))
    return replace(there, containers={"web": replace(there.containers["web"], **changed)})


def refusal(settings: Settings, found: Workload) -> str:
    """Why the host is not touched."""
    with pytest.raises(RefusedError) as caught:
        planned(settings, found)
    return str(caught.value)


@given(wanted_workloads, found_workloads)
def test_what_a_plan_leads_to_needs_no_plan(settings: Settings, found: Workload) -> None:
    try:
        first = planned(settings, found)
    except RefusedError:
        return
    later = planned(settings, after_workload(settings, found, first))
    assert later.changes == ()


@given(wanted_workloads, found_workloads)
def test_containers_of_others_are_in_no_plan(settings: Settings, found: Workload) -> None:
    try:
        first = planned(settings, found)
    except RefusedError:
        return
    later = after_workload(settings, found, first)
    for name, there in found.containers.items():
        if not there.ours:
            assert later.containers[name] == there
            assert name not in first.stops
    named = set(settings.docker_containers)
    for name, there in found.containers.items():
        if there.ours and name.partition(".")[0] not in named:
            assert later.containers[name] == there
        told = any(f"the container {name} is not in" in note for note in first.notes)
        ours = there.ours and name.partition(".")[0] not in named
        assert told == (ours and settings.docker_workload)
    assert blocked(settings, first) is None


@pytest.mark.parametrize(
    ("changed", "act", "reason"),
    [
        ({"spec": "x"}, "make", "it was made of other settings"),
        (
            {"spec": fingerprint(web(image="x", env={"A": "1"}))},
            "make",
            "env, image changed",
        ),
        ({"moved": True}, "make", "debian:12 is another image now"),
        ({"state": "dead"}, "make", "Docker cannot use it any more"),
        ({"state": "exited"}, "start", "it is to run"),
        ({"state": "paused"}, "start", "it is to run"),
        ({"health": "unhealthy"}, "restart", "its healthcheck fails"),
    ],
)
def test_a_container_that_is_not_as_it_should_be(
    changed: dict[str, Any], act: str, reason: str
) -> None:
    first = planned(wanted(), running(wanted(), **changed))
    assert first.containers
    assert [action.act for action in first.containers.actions] == [act]
    assert first.containers.changes[0].reason == reason
    runs = changed.get("state", "running") in ("running", "paused") and act != "start"
    assert first.stops == (("web",) if runs else ())
    assert first.impact is (Impact.RESTART if runs else Impact.NONE)


def test_making_our_own_anew_needs_no_word() -> None:
    first = planned(wanted(), running(wanted(), spec="x"))
    assert first.stops == ("web",)
    assert blocked(wanted(), first) is None


@pytest.mark.parametrize("changed", [{}, {"health": "starting"}, {"health": "healthy"}])
def test_a_container_that_is_left_alone(changed: dict[str, Any]) -> None:
    assert planned(wanted(), running(wanted(), **changed)).empty


def test_a_stopped_one_stays_stopped_and_is_made_without_being_started() -> None:
    stopped = wanted(state="stopped")
    assert planned(stopped, running(stopped)).empty
    for state in ("running", "restarting", "paused"):
        step = planned(stopped, running(wanted(), state=state)).containers
        assert step and [action.act for action in step.actions] == ["stop"]


def test_an_unfinished_replacement_is_taken_up_or_removed() -> None:
    for which in ("old", "new"):
        name = f"web.rackwright-{which}"
        left = replace(NONE, containers={name: FoundContainer(name, ours=True)})
        step = planned(wanted(), left).containers
        assert step and step.changes[0].reason == "an earlier run did not get to its end"
        step = planned(wanted(state="absent"), left).containers
        assert step and step.actions[0].act == "remove"


def test_the_secret_that_changed_is_named_and_none_is_shown() -> None:
    old = wanted(secrets={"A": {"env": "OLD"}, "B": {"env": "OLD"}})
    new = wanted(secrets={"A": {"env": "OLD"}, "B": {"env": "NEW"}})
    assert planned(old, running(old)).empty
    step = planned(new, running(old)).containers
    assert step and step.changes[0].reason == "B has another value now"
    assert planned(new, running(old), passwords=None).empty
    secret = Passwords({("env", "OLD"): SecretStr("unlikely")})
    assert "unlikely" not in repr(planned(old, NONE, secret))
    step = planned(old, running(old, secrets="{")).containers
    assert step and step.changes[0].reason == "A, B have another value now"


def test_secrets_that_cannot_be_had_stop_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWO_LINES", "one\ntwo")
    settings = wanted(secrets={"A": {"env": "TWO_LINES"}, "B": {"env": "RACKWRIGHT_NOT_SET"}})
    with pytest.raises(SettingsError) as caught:
        fleet_passwords({"host": settings})
    assert caught.value.errors == (
        "host: docker_containers.web.secrets.B: the environment variable RACKWRIGHT_NOT_SET is not "
        "set; set it on this machine",
        "host: docker_containers.web.secrets.A: the secret has more than one line, which Docker "
        "does not take from a file",
    )


def test_secrets_and_docker_s_debug_mode_do_not_go_together() -> None:
    settings = wanted(secrets={"A": {"env": "OLD"}})
    assert HOST.engine
    debugs = replace(HOST, engine=replace(HOST.engine, debug=True), workload=NONE)
    for host in (debugs, replace(BARE, daemon_json='{"debug": true}', workload=Workload())):
        with pytest.raises(RefusedError, match=r"secrets.A: Docker's debug mode is on"):
            plan(settings, host)
        assert plan(wanted(), host).containers
        off = settings.model_copy(update={"docker_daemon": {"debug": False}})
        assert plan(off, host).containers


def test_engines_that_stop_still_need_a_word_for_our_containers() -> None:
    settings = wanted()
    assert HOST.engine
    engine = replace(HOST.engine, containers=("web",), live_restore=False, version="20.10.24")
    host = replace(HOST, engine=engine, workload=running(settings, spec="x"))
    host = replace(host, restart_pending=frozenset(), daemon_json='{"live-restore": false}')
    first = plan(settings, host)
    assert first.service and first.service.action == "restart"
    assert "would stop the running container web" in (blocked(settings, first) or "")


@pytest.mark.parametrize(
    ("data", "found", "sentence"),
    [
        (
            {"docker_containers": {"web": {"image": "x"}}},
            replace(NONE, containers={"web": FoundContainer("web")}),
            "Rackwright did not make it; give yours another name",
        ),
        (
            {"docker_containers": {"web": {"image": "x", "networks": ["back"]}}},
            NONE,
            "there is no network back on the host",
        ),
        (
            {"docker_networks": {"back": {"internal": True}}},
            replace(NONE, networks={"back": FoundNetwork("back")}),
            "and Rackwright did not make it, so it is not changed",
        ),
        (
            {"docker_compose": {"app": {"state": "absent"}}},
            replace(NONE, containers={"one": FoundContainer("one", project="app", file="/x")}),
            "Rackwright did not bring it up",
        ),
        (
            {"docker_volumes": {"data": {"state": "absent", "delete": True}}},
            replace(
                NONE,
                volumes={"data": FoundVolume("data")},
                containers={"db": FoundContainer("db", "exited", mounts=frozenset({"data"}))},
            ),
            "docker_volumes.data cannot be deleted: the containers db use it",
        ),
        (
            {"docker_volumes": {"data": {}}},
            Workload(answers=False),
            "the host did not say what runs in its Docker",
        ),
    ],
)
def test_what_is_refused(data: dict[str, Any], found: Workload, sentence: str) -> None:
    assert sentence in refusal(parse_settings(data), found)


def test_what_goes_with_its_containers_is_not_in_use() -> None:
    file = f"{COMPOSE}/app/compose.yaml"
    uses = frozenset({"data"})
    found = replace(
        NONE,
        volumes={"data": FoundVolume("data")},
        containers={
            "db": FoundContainer("db", mounts=uses, ours=True),
            "app-one-1": FoundContainer("app-one-1", mounts=uses, project="app", file=file),
        },
    )
    gone = {"state": "absent"}
    data = {
        "docker_volumes": {"data": {**gone, "delete": True}},
        "docker_containers": {"db": gone},
        "docker_compose": {"app": gone},
    }
    first = planned(parse_settings(data), found)
    assert first.volumes and first.volumes.removed == ("data",)
    assert first.impact is Impact.DATA_LOSS
    with pytest.raises(RefusedError, match="the containers app-one-1 use it"):
        planned(parse_settings({**data, "docker_compose": {}}), found)
    with pytest.raises(RefusedError, match="the containers db use it"):
        planned(parse_settings({**data, "docker_containers": {}}), found)


def test_a_new_secret_of_a_project_is_noticed() -> None:
    old, new = (
        rendered(
            parse_settings({"docker_compose": {"app": {"file": "x", "secrets": secrets}}}), "a"
        )
        for secrets in ({"A": {"env": "OLD"}}, {"A": {"env": "NEW"}})
    )
    found = after_workload(old, NONE, planned(old))
    assert planned(old, found).empty
    step = planned(new, found).compose
    assert step and step.changes[0].reason == "A has another value now"


def test_a_bare_host_gets_its_containers_in_the_same_run() -> None:
    data = {
        "docker_containers": {"web": {"image": "x", "networks": ["back"]}},
        "docker_networks": {"back": {}},
    }
    first = plan(parse_settings(data), replace(BARE, workload=Workload()))
    assert [change.task for change in first.changes][-2:] == ["networks", "containers"]


def test_a_host_that_was_cut_off_before_it_said_what_runs_is_refused() -> None:
    with pytest.raises(RefusedError, match="did not say what runs in its Docker"):
        plan(wanted(), replace(HOST, workload=None))


APP = rendered(parse_settings({"docker_compose": {"app": {"file": "x", "env": {"A": "1"}}}}), "a")


@pytest.mark.parametrize(
    ("changed", "there", "reason"),
    [
        ({}, {}, ""),
        ({"content": "b"}, {}, "its file or env changed"),
        ({"env": {"A": "2"}}, {}, "its file or env changed"),
        ({}, {"file": "x"}, "somebody changed its file on the host"),
        ({}, {"applied": ""}, "an earlier run did not get to its end"),
        ({}, {"needs": ("app-one-1", "app-two-1")}, "app-two-1 does not run, or not well"),
    ],
)
def test_a_project_that_is_not_as_it_should_be(
    changed: dict[str, Any], there: dict[str, Any], reason: str
) -> None:
    found = after_workload(APP, NONE, planned(APP))
    found = replace(found, projects={"app": replace(found.projects["app"], **there)})
    project = APP.docker_compose["app"].model_copy(update=changed)
    step = planned(APP.model_copy(update={"docker_compose": {"app": project}}), found).compose
    assert (step.changes[0].reason if step else "") == reason
    if step:
        assert step.changes[0].stops == ("app-one-1",)


def test_a_project_with_containers_and_nothing_else_goes_down() -> None:
    settings = parse_settings({"docker_compose": {"app": {"state": "absent"}}})
    ours = FoundContainer("one", project="app", file=f"{COMPOSE}/app/compose.yaml")
    for found in (
        replace(NONE, containers={"one": ours}),
        replace(NONE, projects={"app": FoundProject()}),
    ):
        step = planned(settings, found).compose
        assert step and step.actions[0].act == "down"
    assert planned(settings).compose is None


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"file": "nosuch.yaml"}, "host: docker_compose.app.file: nosuch.yaml: No such file"),
        ({"template": "nosuch.j2"}, "host: docker_compose.app.template: nosuch.j2: No such file"),
        ({"template": "bad.j2"}, "bad.j2: 'port' is undefined"),
        ({"template": "worse.j2"}, "worse.j2: unexpected '}'"),
    ],
)
def test_compose_files_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: dict[str, str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.j2").write_text("a: {{ port }}")
    Path("worse.j2").write_text("a: {{ port }")
    settings = parse_settings({"docker_compose": {"app": entry}})
    with pytest.raises(SettingsError) as caught:
        with_compose_files({"host": settings})
    assert sentence in str(caught.value)


def test_a_template_that_is_no_program_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.j2").write_text("a: {{ workers + 1 }}")
    entry = {"template": str(tmp_path / "a.j2"), "vars": {"workers": "four"}}
    settings = parse_settings({"docker_compose": {"app": entry}})
    with pytest.raises(SettingsError, match=f"template: {tmp_path}/a.j2: TypeError: can only"):
        with_compose_files({"host": settings})


def test_compose_files_are_read_and_templates_rendered(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: {{ b }}\n")
    (tmp_path / "part.j2").write_text("<b>")
    (tmp_path / "b.j2").write_text("a: {{ port }} {% include 'part.j2' %} {{ host }}\n")
    data = {
        "one": {"file": str(tmp_path / "a.yaml")},
        "two": {"template": str(tmp_path / "b.j2"), "vars": {"port": "<80>"}},
    }
    read = with_compose_files({"h1": parse_settings({"docker_compose": data})})["h1"]
    contents = [getattr(each, "content", None) for each in read.docker_compose.values()]
    assert contents == ["a: {{ b }}\n", "a: <80> <b> h1\n"]


# What the recorded host was made of.
RECORDED = {
    "docker_containers": {
        "web": {
            "image": "debian:12",
            "command": ["sh", "-c", "trap exit TERM; while :; do sleep 1 & wait $!; done"],
            "networks": ["front", "back"],
            "volumes": ["data:/data"],
            "healthcheck": {"command": "true", "interval": "1s"},
            "secrets": {"PASSWORD": {"env": "PASSWORD"}},
        }
    }
}


def with_more(lines: list[str]) -> list[str]:
    """The answer of a real host, with the lines of another part of the probe in it."""
    *answer, end = recorded("converged-debian13")
    return [*answer, *lines, end]


def test_what_a_real_host_said() -> None:
    lines = recorded("workload-debian13")
    told = parse(with_more(lines)).workload
    assert told and told.answers
    web = told.containers["web"]
    assert (web.ours, web.state, web.health) == (True, "running", "healthy")
    assert web.networks == {"front", "back"}
    assert "data" in web.mounts
    assert web.spec == fingerprint(parse_settings(RECORDED).docker_containers["web"])
    assert not told.containers["theirs"].ours
    # What is made of an image of our container has its labels, and is somebody else's.
    copied = [line.replace('"names":"web"', '"names":"copy"') for line in lines]
    told_of_copy = parse(with_more(copied)).workload
    assert told_of_copy and not told_of_copy.containers["copy"].ours
    assert told.networks["back"].subnets == ("10.77.0.0/24",)
    assert told.volumes["data"].driver == "local"
    assert told.projects["app"].needs == ("app-one-1",)
    assert told.containers["app-one-1"].project == "app"
    assert parse(recorded("converged-debian13")).workload is None
