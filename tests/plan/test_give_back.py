"""Which hosts a run gives back that fails on them, and that it goes on with the others."""

import base64
import re
from typing import Any, cast

import pytest
from paramiko import SSHException
from pyinfra.api import Config, Inventory, State
from pyinfra.api.connect import connect_all
from pyinfra.api.operation import add_op
from pyinfra.api.operations import run_ops
from pyinfra.api.state import StateStage
from pyinfra.connectors.fake import FakeConnector
from pyinfra.context import ctx_state
from pyinfra.operations import server

from rackwright.change import Change
from rackwright.host_lock.failure import FREE, HELD, GiveBack
from rackwright.host_lock.holder import Holder
from rackwright.host_lock.turn import Turn
from rackwright.plan import Plan
from rackwright.report.clock import Clock
from rackwright.report.outcome import Outcome
from rackwright.results import executed
from rackwright.steps.engine import EngineStep

A, B = "@fake/a", "@fake/b"
CHANGE = Change("engine", "docker-ce", "absent", "26", "")
PLAN = Plan(engine=EngineStep({}, False, False, (CHANGE,)), turn=Turn(Holder()))


class Gone(dict[str, Any]):
    """The answer of a host whose connection is gone, as paramiko tells it."""

    def get(self, *_: object) -> object:
        raise SSHException("SSH session not active")


def run(answers: dict[Any, Any], delay: float = 0, **how: Any) -> dict[str, list[str]]:
    """The commands of both hosts in ended()."""
    return {
        host.name: ["gave back" if _gives(word) else word for word in host_commands(host)]
        for host in ended(answers, delay, **how).inventory
    }


def ended(answers: dict[Any, Any], delay: float = 0, **how: Any) -> State:
    """After four operations on two hosts, of which `how` is for "Engine".

    Host a answers so, after a `delay` in seconds.
    """
    quick = {"fake_delay": 0, "fake_delay_jitter": 0}
    hosts = [(A, {**quick, "fake_delay": delay, "fake_responses": answers}), (B, quick)]
    state = State(check_for_changes=False)
    state.init(Inventory((hosts, {})), Config())
    clock = Clock()
    state.add_callback_handler(clock)
    state.add_callback_handler(GiveBack({A: PLAN, B: PLAN}, clock))
    with ctx_state.use(state):
        connect_all(state)
        state.set_stage(StateStage.Prepare)
        for name, word, its in (
            (f"Begin | {HELD}", "hold", {}),
            ("Engine | Docker is there", "engine", how),
            (f"End | {FREE}", "free", {}),
            ("what comes after", "after", {}),
        ):
            add_op(state, server.shell, name=name, commands=[word], **its)
        state.set_stage(StateStage.Execute)
        run_ops(state)
    return state


def host_commands(host: Any) -> list[str]:
    """The commands that a fake host was asked to run."""
    return list(cast(FakeConnector, host.connector).executed_commands)


def _gives(command: str) -> bool:
    packed = re.search(r'eval "\$\(echo (\S+) \| base64 -d\)"', command)
    return packed is not None and "host_lock give " in base64.b64decode(packed[1]).decode()


ALL = ["hold", "engine", "free", "after"]


@pytest.mark.parametrize(
    ("fails", "did"),
    [
        ("nothing", ALL),
        ("hold", ["hold"]),
        ("engine", ["hold", "engine", "gave back"]),
        ("after", ALL),  # given back before it, and its log says that all is done
    ],
)
def test_only_a_host_that_is_held_is_given_back(fails: str, did: list[str]) -> None:
    assert run({fails: {"success": False}}) == {A: did, B: ALL}


def test_a_host_whose_connection_breaks_ends_no_other_host() -> None:
    did = run({"hold": "", re.compile(""): Gone()})
    assert did == {A: ["hold", "engine", "gave back"], B: ALL}


def test_a_failure_that_is_ignored_gives_nothing_back() -> None:
    assert run({"engine": {"success": False}}, _ignore_errors=True) == {A: ALL, B: ALL}


def test_what_ran_into_its_limit_goes_on_there_and_keeps_the_host() -> None:
    did = run({"engine": {"success": False}}, delay=1.1, _timeout=1)
    assert did[A] == ["hold", "engine"]


@pytest.mark.parametrize("fails", ["engine", "after"])
def test_the_step_that_failed_is_named_and_none_before_it(fails: str) -> None:
    state = ended({fails: {"success": False, "stderr": "no space left"}})
    failed, done = (executed(state, host, PLAN) for host in state.inventory)
    steps = {"engine": "Engine | Docker is there", "after": "what comes after"}
    assert (failed.outcome, failed.step, failed.detail) == (
        Outcome.FAILED,
        steps[fails],
        "no space left",
    )
    assert done.outcome is Outcome.CHANGED
