"""Hosts that do not wait for each other: the engine on pyinfra's @fake hosts, some of them slow."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import gevent
import pytest
from pyinfra.api import Host
from pyinfra.connectors.fake import FakeConnector

from rackwright.converging import exit_code
from rackwright.pace.converge import Converge
from rackwright.pace.course import Course, GivenUpError
from rackwright.pace.fleet import Fleet, Request, fleet
from rackwright.pace.task import load_task
from rackwright.report.outcome import HostResult, Outcome
from rackwright.settings import SettingsError

A, B, C = "@fake/a", "@fake/b", "@fake/c"
FOREVER = {"fake_delay": 3600}
DEPLOY = f"""
from pyinfra import host
from pyinfra.operations import server

if host.name == "{A}":
    server.shell(name="what only a does", commands=["only-a"])
server.shell(name="first", commands=["one"])
server.shell(name="second", commands=["two"], _if=lambda: False)
"""


class Told:
    """Where each host was, in the order of what was told; `do` may act on it."""

    def __init__(self) -> None:
        self.steps: dict[str, list[str]] = {}
        self.do: Callable[[Course], None] = lambda course: None

    def __call__(self, course: Course) -> None:
        if course.result is None:
            self.steps.setdefault(course.host, []).append(course.step)
        self.do(course)


class Made:
    """Fake hosts and a deploy for them."""

    def __init__(self, folder: Path, data: Mapping[str, Mapping[str, Any]], deploy: str) -> None:
        quick = {"fake_delay": 0, "fake_delay_jitter": 0}
        hosts = [(name, {**quick, **its}) for name, its in data.items()]
        (folder / "inventory.py").write_text(f"hosts = {hosts!r}\n")
        (folder / "run.py").write_text(deploy)
        self.folder = folder
        self.told = Told()

    def fleet(self, **how: Any) -> tuple[Fleet, Converge]:
        """The hosts and their deploy."""
        hosts = fleet(Request(str(self.folder / "inventory.py"), **how))
        hosts.progress = lambda _: nullcontext(self.told)
        return hosts, Converge(hosts, load_task(hosts.state, str(self.folder / "run.py")))

    def apply(self, **how: Any) -> dict[str, tuple[Outcome, str]]:
        """Outcome and step of each host."""
        hosts, converge = self.fleet(**how)
        hosts.work(converge.apply)
        return ended(hosts)


def ended(hosts: Fleet) -> dict[str, tuple[Outcome, str]]:
    """Outcome and step of each host."""
    return {row.host: (row.outcome, row.step) for row in hosts.rows}


def ran(hosts: Fleet) -> dict[str, list[str]]:
    """The commands of each host."""
    return {
        host.name: cast(FakeConnector, host.connector).executed_commands for host in hosts.hosts
    }


Make = Callable[..., Made]
CHANGED = (Outcome.CHANGED, "")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes fake hosts from their data by name."""

    def made(data: Mapping[str, Mapping[str, Any]], deploy: str = DEPLOY) -> Made:
        return Made(tmp_path, data, deploy)

    return made


def test_each_host_does_its_own_operations_in_the_order_of_the_deploy(make: Make) -> None:
    made = make({A: {}, B: {}})
    hosts, converge = made.fleet()
    hosts.work(converge.apply)
    assert ended(hosts) == {A: CHANGED, B: CHANGED}
    assert ran(hosts) == {A: ["only-a", "one"], B: ["one"]}
    assert made.told.steps == {
        A: ["connect", "observe", "what only a does", "first", "second"],
        B: ["connect", "observe", "first", "second"],
    }


def test_why_a_host_was_given_up_is_what_is_told_of_it(make: Make) -> None:
    """pyinfra makes a failure of its own of what ends an upload; simulated here."""
    hosts, _ = make({A: {"host_timeout": 1}}).fleet()

    def upload(_: Host, course: Course) -> HostResult:
        with suppress(GivenUpError):
            gevent.sleep(60)
        return course.failed("the connection broke")

    hosts.work(upload)
    (row,) = hosts.rows
    assert (row.outcome, row.detail.partition(";")[0]) == (
        Outcome.FAILED,
        "not done within 1 s (host_timeout)",
    )


def test_a_plan_runs_nothing(make: Make) -> None:
    made = make({A: {}})
    hosts, converge = made.fleet()
    hosts.work(converge.plan)
    assert ended(hosts) == {A: (Outcome.PLANNED, "")}
    assert made.told.steps == {A: ["connect", "observe"]}
    hosts.work_again(converge.carry_out, hosts.hosts)
    assert ended(hosts) == {A: CHANGED}
    assert made.told.steps[A][2:] == ["connect", "what only a does", "first", "second"]


def test_a_frozen_host_holds_nobody_and_is_named(make: Make) -> None:
    made = make({A: {}, B: FOREVER, C: {}})
    over: list[str] = []
    made.told.do = lambda course: over.append(course.host) if course.result else None
    hosts, converge = made.fleet(timeout=1)
    hosts.work(converge.apply)
    assert ended(hosts) == {A: CHANGED, B: (Outcome.FAILED, "first"), C: CHANGED}
    assert over[-1] == B
    assert hosts.courses[B].given_up == "not done within 1 s (host_timeout); look at the host"
    assert exit_code(hosts.rows, set()) == 3


def test_a_host_that_is_slow_to_look_at_executes_nothing_meanwhile(make: Make) -> None:
    # Were the stage that of the whole fleet, b's operations would run while they are added.
    slow = "import gevent\ngevent.sleep(0.01 if host.name == '@fake/a' else 0.5)\n"
    made = make({A: {}, B: {}}, DEPLOY.replace("server\n", f"server\n{slow}", 1))
    while_looking: list[bool] = []
    hosts, converge = made.fleet()
    made.told.do = lambda course: while_looking.append(
        course.host == A and course.step == "second" and made.told.steps[B][-1] == "observe"
    )
    hosts.work(converge.apply)
    assert ended(hosts) == {A: CHANGED, B: CHANGED}
    assert any(while_looking)
    assert made.told.steps[B] == ["connect", "observe", "first", "second"]


def test_a_slot_that_a_frozen_host_holds_becomes_free(make: Make) -> None:
    made = make({A: FOREVER, B: {}, C: {}})
    assert made.apply(parallel=1, timeout=1)[C] == CHANGED


def test_deploy_code_that_fails_on_one_host_fails_that_host(make: Make) -> None:
    made = make({A: {}, B: {}}, f"{DEPLOY}\nif host.name == '{B}': 1 / 0")
    hosts, converge = made.fleet()
    hosts.work(converge.apply)
    assert ended(hosts) == {A: CHANGED, B: (Outcome.FAILED, "observe")}
    assert hosts.rows[1].detail.endswith("run.py: ZeroDivisionError: division by zero")


def test_a_failed_operation_ends_the_host_and_not_the_others(make: Make) -> None:
    broken = {"fake_responses": {"one": {"success": False, "stderr": "no space left"}}}
    made = make({A: broken, B: {}})
    hosts, converge = made.fleet()
    hosts.work(converge.apply)
    assert {row.host: row.detail for row in hosts.rows} == {A: "no space left", B: ""}
    assert ended(hosts) == {A: (Outcome.FAILED, "first"), B: CHANGED}


# Only when it is executed, the last operation looks at the host.
LOOKS = f"""{DEPLOY}
from pyinfra.api import operation
from pyinfra.facts.server import Command

@operation()
def looks():
    if host.state.is_executing:
        host.get_fact(Command, "look")
    yield "three"

looks(name="looks")
"""


@pytest.mark.parametrize("more", ["", "server.shell(name='after', commands=['four'])\n"])
def test_a_look_that_fails_in_an_operation_fails_the_host_there(make: Make, more: str) -> None:
    blind = {"fake_responses": {"look": {"success": False, "stderr": "no such device"}}}
    hosts, converge = make({A: blind, B: {}}, LOOKS + more).fleet()
    hosts.work(converge.apply)
    assert ended(hosts) == {A: (Outcome.FAILED, "looks"), B: CHANGED}
    assert "four" not in ran(hosts)[A]


def test_a_failure_that_the_deploy_ignores_fails_no_host(make: Make) -> None:
    broken = {"fake_responses": {"one": {"success": False, "stderr": "no space left"}}}
    ignored = DEPLOY.replace('commands=["one"]', 'commands=["one"], _ignore_errors=True')
    assert make({A: broken}, ignored).apply() == {A: CHANGED}


def test_no_operation_begins_after_a_stop_and_the_next_run_goes_on(make: Make) -> None:
    made = make({A: {}, B: {}})
    hosts, converge = made.fleet()

    def stop(course: Course) -> None:
        if (course.host, course.step) == (A, "first"):
            hosts.engine.stop("stopped by Ctrl-C")

    made.told.do = stop
    hosts.work(converge.apply)
    assert ended(hosts)[A] == (Outcome.NOT_REACHED, "second")
    assert "second" not in made.told.steps[A]
    made.told.do = lambda course: None
    assert made.apply() == {A: CHANGED, B: CHANGED}


def test_a_stop_waits_for_what_runs_and_not_for_ever(make: Make) -> None:
    made = make({A: FOREVER})
    hosts, converge = made.fleet()
    hosts.engine.grace = 0.1

    def stop(course: Course) -> None:
        if course.step == "what only a does" and course.result is None:
            hosts.engine.stop("stopped by Ctrl-C")

    made.told.do = stop
    hosts.work(converge.apply)
    (row,) = hosts.rows
    assert (row.outcome, row.step) == (Outcome.FAILED, "what only a does")
    assert row.detail == "stopped by Ctrl-C, and it did not end within 0.1 s"


def test_a_second_stop_waits_for_nothing(make: Make) -> None:
    made = make({A: FOREVER})
    hosts, converge = made.fleet()

    def stop(course: Course) -> None:
        if course.step == "what only a does" and course.result is None:
            hosts.engine.stop("stopped by Ctrl-C")
            hosts.engine.stop("stopped by Ctrl-C")

    made.told.do = stop
    hosts.work(converge.apply)
    (row,) = hosts.rows
    assert (row.step, row.detail) == ("what only a does", "stopped by Ctrl-C")


def test_hosts_whose_turn_did_not_come_before_a_stop_are_named(make: Make) -> None:
    made = make({A: {}, B: {}})
    hosts, converge = made.fleet(parallel=1)
    made.told.do = lambda course: hosts.engine.stop("stopped by Ctrl-C")
    hosts.work(converge.apply)
    assert {row.host: row.outcome for row in hosts.rows} == dict.fromkeys(
        (A, B), Outcome.NOT_REACHED
    )
    assert B not in made.told.steps


@pytest.mark.parametrize("typed", ["20.10", '"20.10"', "26", "latest"])
def test_a_version_is_what_was_typed(make: Make, typed: str) -> None:
    hosts, _ = make({A: {}}).fleet(data=(f"docker_version={typed}", "docker_apt_timeout=7"))
    settings = hosts.run.settings[A]
    assert (settings.docker_version, settings.docker_apt_timeout) == (typed.strip('"'), 7)


def test_settings_that_only_the_task_knows_end_the_run_before_it_began(make: Make) -> None:
    made = make({A: {}}, "from tasks.upgrade import upgrade\nupgrade(version='nonsense!')\n")
    hosts, converge = made.fleet()
    with pytest.raises(SettingsError, match="docker_version"):
        hosts.work(converge.apply)


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("nowhere.py", [], "there is no such file"),
        ("deploy.py", ["a=b"], "takes no arguments"),
        ("tasks.nothing.nothing", [], "No such module: tasks.nothing"),
        ("tasks.upgrade.nothing", [], "No such attribute in module tasks.upgrade: nothing"),
        ("upgrade", [], "is no task"),
        ("tasks.upgrade.upgrade", ["26.1"], "write KEY=VALUE"),
        ("tasks.upgrade.upgrade", ["vers=26.1"], "it takes version, allow_downgrade"),
    ],
)
def test_a_task_that_there_is_not(make: Make, name: str, arguments: list[str], said: str) -> None:
    hosts, _ = make({A: {}}).fleet()
    with pytest.raises(SettingsError, match=said):
        load_task(hosts.state, name, arguments)


def test_an_operation_of_pyinfra_takes_pyinfra_s_own_arguments(make: Make) -> None:
    hosts, _ = make({A: {}}).fleet()
    task = load_task(hosts.state, "server.shell", ["commands=uptime", "_sudo=true", "name=up"])
    assert isinstance(task, partial)
    assert task.keywords == {"commands": "uptime", "_sudo": True, "name": "up"}
