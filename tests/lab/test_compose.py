"""Compose projects on real hosts with both engines."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import counter
from tests.lab.fleet import Lab, Ran
from tests.lab.workload import (
    SEEN,
    VARIABLE,
    WORDS,
    bare,
    both,
    files_with,
    inspect,
    names,
    restarted,
    run,
)

TEMPLATE = """\
services:
{% for service in services %}
  {{ service }}:
    image: debian:12
    command: ["sh", "-c", {{ command | tojson }}]
    environment:
      GREETING: ${GREETING:?}
      PASSWORD: ${PASSWORD}
      OURS: ${name} ${folder} ${line} ${values} ${IFS}
    volumes: ["keep:/keep"]
{% endfor %}
  once:
    image: debian:12
    command: ["sh", "-c", "echo done"]
volumes:
  keep: {}
"""
STAYS = "trap exit TERM; echo here I am; while :; do sleep 1 & wait $$!; done"
GREETING = 'it\'s "me" & $HOME #1'
# Names that the script on the host has for values of its own.
OURS = dict.fromkeys(("name", "folder", "line", "values", "IFS"), "theirs")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The template, and the secret in the environment of this machine."""
    path = tmp_path_factory.mktemp("compose") / "app.yaml.j2"
    path.write_text(TEMPLATE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, WORDS)
        yield path


def app(template: Path, *services: str, command: str = STAYS, **changed: Any) -> dict[str, Any]:
    """A host's data with the project."""
    project = {
        "template": str(template),
        "vars": {"services": list(services) or ["one", "two"], "command": command},
        "env": {"GREETING": GREETING, **OURS},
        "secrets": {"PASSWORD": {"env": VARIABLE}},
    }
    return {"docker_compose": {"app": {**project, **changed}}}


@pytest.fixture(scope="module")
def made(lab: Lab, template: Path) -> Ran:
    """Both engines, with the project up."""
    bare(lab)
    ran = run(lab, app(template), "-y", "-vvv", "--debug")
    assert ran.code == 0, ran.output
    return ran


@pytest.fixture(params=["dirty", "debian13"])
def host(lab: Lab, made: Ran, template: Path, request: pytest.FixtureRequest) -> str:
    """Each of the hosts, with the project up."""
    name: str = getattr(lab, request.param)
    ran = run(lab, app(template), limit=(name,))
    assert ran.code == 0, ran.output
    return name


def test_its_containers_run(lab: Lab, host: str) -> None:
    one = inspect(lab, host, "app-one-1")
    assert one["State"]["Running"]
    ours = f"OURS={' '.join(OURS.values())}"
    assert {f"GREETING={GREETING}", f"PASSWORD={WORDS}", ours} <= set(one["Config"]["Env"])
    assert inspect(lab, host, "app-once-1")["State"]["Status"] == "exited"


def test_again_there_is_one_remote_command(lab: Lab, made: Ran, template: Path) -> None:
    for name in both(lab):
        counter.start(name)
    ran = run(lab, app(template))
    assert [counter.stop(name) for name in both(lab)] == [1, 1]
    assert "2 hosts: 2 unchanged" in ran.output, ran.output


def test_the_secret_is_seen_nowhere(lab: Lab, made: Ran) -> None:
    assert "Compose project app" in made.output and SEEN not in made.output
    for name in both(lab):
        assert files_with(lab, name, SEEN) == []
        modes = lab.root(name, "stat -c '%U %a' /var/lib/rackwright/compose/app/*").splitlines()
        assert set(modes) == {"root 600"}


def test_a_changed_file_changes_only_what_it_is_about(lab: Lab, host: str, template: Path) -> None:
    lab.root(host, "docker exec app-one-1 sh -c 'echo kept > /keep/it'")
    before = inspect(lab, host, "app-one-1")["Id"]
    ran = run(lab, app(template, "one", "three"), limit=(host,))
    assert ran.code == 0, ran.output
    assert {"app-one-1", "app-three-1"} <= names(lab, host)
    assert "app-two-1" not in names(lab, host)
    assert inspect(lab, host, "app-one-1")["Id"] == before
    assert lab.root(host, "docker exec app-three-1 cat /keep/it").strip() == "kept"


def test_a_new_secret_reaches_the_containers(
    lab: Lab, host: str, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "another one")
    plan = run(lab, app(template), "--dry", limit=(host,))
    assert "because PASSWORD has another value now" in plan.output, plan.output
    ran = run(lab, app(template), limit=(host,))
    assert ran.code == 0, ran.output
    assert "PASSWORD=another one" in inspect(lab, host, "app-one-1")["Config"]["Env"]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("docker stop app-two-1", "because app-two-1 does not run, or not well"),
        ("docker rm -f app-two-1", "because app-two-1 does not run, or not well"),
        (
            "echo '# mine' >> /var/lib/rackwright/compose/app/compose.yaml",
            "because somebody changed its file on the host",
        ),
        ("rm /var/lib/rackwright/compose/app/applied", "because an earlier run did not get"),
    ],
)
def test_what_somebody_changed_comes_back(
    lab: Lab, host: str, template: Path, script: str, reason: str
) -> None:
    one = inspect(lab, host, "app-one-1")["Id"]
    lab.root(host, script)
    plan = run(lab, app(template), "--dry", limit=(host,))
    assert reason in plan.output, plan.output
    ran = run(lab, app(template), limit=(host,))
    assert ran.code == 0, ran.output
    assert inspect(lab, host, "app-two-1")["State"]["Running"]
    assert inspect(lab, host, "app-one-1")["Id"] == one
    again = run(lab, app(template), limit=(host,))
    assert "1 unchanged" in again.output, again.output


def test_what_docker_restarted_once_is_no_failure_for_ever(
    lab: Lab, host: str, template: Path
) -> None:
    lab.root(host, "docker update --restart always app-one-1")
    restarted(lab, host, "app-one-1")
    lab.root(host, "rm /var/lib/rackwright/compose/app/applied")
    ran = run(lab, app(template), limit=(host,))
    assert ran.code == 0, ran.output
    assert inspect(lab, host, "app-one-1")["RestartCount"] == 1


def test_a_file_that_cannot_be_used_changes_nothing(lab: Lab, host: str, template: Path) -> None:
    before = inspect(lab, host, "app-one-1")["Id"]
    wrong = template.with_name("wrong.yaml")
    wrong.write_text("services:\n  one:\n    imag: debian:12\n")
    data = {"docker_compose": {"app": {"file": str(wrong)}}}
    ran = run(lab, data, limit=(host,))
    assert ran.code == 1, ran.output
    assert "the compose project app stays as it is, for its file cannot be used" in ran.output
    assert "imag" in ran.output
    one = inspect(lab, host, "app-one-1")
    assert (one["Id"], one["State"]["Running"]) == (before, True)
    again = run(lab, app(template), limit=(host,))
    assert "1 unchanged" in again.output, again.output


def test_a_container_that_ends_is_a_failure_with_its_last_words(
    lab: Lab, host: str, template: Path
) -> None:
    ran = run(lab, app(template, command="echo no configuration; exit 3"), limit=(host,))
    assert ran.code == 1, ran.output
    sentence = r"the compose project app does not come up: app-\w+-1 ended with exit code 3"
    assert re.search(sentence, ran.output), ran.output
    assert "no configuration" in ran.output
    ran = run(lab, app(template), limit=(host,))
    assert ran.code == 0, ran.output


def test_a_template_that_cannot_be_rendered_stops_before_any_host(
    lab: Lab, made: Ran, template: Path
) -> None:
    ran = run(lab, app(template, vars={}))
    assert ran.code == 1, ran.output
    assert "docker_compose.app.template" in ran.output and "is undefined" in ran.output
    assert "no host was touched" in ran.output


def test_a_project_of_somebody_else_is_not_touched(lab: Lab, host: str, template: Path) -> None:
    lab.root(
        host,
        "mkdir -p /srv/theirs; cd /srv/theirs; printf 'services:\\n  db:\\n    image: debian:12\\n"
        "    command: sleep 1h\\n' > compose.yaml; docker compose up -d",
    )
    data = app(template)
    data["docker_compose"]["theirs"] = {"state": "absent"}
    ran = run(lab, data, limit=(host,))
    assert ran.code == 1, ran.output
    assert "docker_compose.theirs: a compose project of this name is on the host" in ran.output
    assert inspect(lab, host, "theirs-db-1")["State"]["Running"]
    lab.root(host, "cd /srv/theirs; docker compose down -t 0; rm -r /srv/theirs")


def test_down_leaves_the_volumes(lab: Lab, host: str, template: Path) -> None:
    lab.root(host, "docker exec app-one-1 sh -c 'echo kept > /keep/it'")
    ran = run(lab, {"docker_compose": {}, "docker_volumes": {"data": {}}}, limit=(host,))
    assert "the compose project app is not in docker_compose any more, and stays" in ran.output
    gone = {"docker_compose": {"app": {"state": "absent"}}}
    ran = run(lab, gone, limit=(host,))
    assert ran.code == 0, ran.output
    assert not [name for name in names(lab, host) if name.startswith("app-")]
    assert "app_keep" in names(lab, host, "volume")
    lab.root(host, "test ! -e /var/lib/rackwright/compose/app")
    ran = run(lab, gone, limit=(host,))
    assert "1 unchanged" in ran.output, ran.output
