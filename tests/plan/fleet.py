"""deploy.py on pyinfra's @fake hosts: what would be run, exactly, without a host.

Strict: a command that a test did not register fails, and the test with it.
"""

import atexit
import base64
import re
import runpy
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pyinfra.api import Config, Inventory, State
from pyinfra.api.connect import connect_all
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.operations import run_ops
from pyinfra.api.state import StateStage
from pyinfra.connectors.fake import FakeConnector
from pyinfra.context import ctx_config, ctx_host, ctx_state

from rackwright.change import Change
from rackwright.host_lock.audit import after_failure
from rackwright.laptop.inventory_file import register
from rackwright.report.ending import end_of_run
from rackwright.run import run_of

DEPLOY = Path(__file__).parents[2] / "deploy.py"


@dataclass(frozen=True)
class Ran:
    """What happened to one fake host: names of operations in order, commands in order."""

    operations: list[str]
    commands: list[str]
    failed: bool


def run(
    data: Mapping[str, Any],
    inventory: Path | None = None,
    command: Callable[[], None] | None = None,
) -> Ran:
    """Run deploy.py (or `command`), as `pyinfra -y` does, on a fake host with this data.

    `fake_responses` in it says what the host answers to which command; `inventory` is the file that
    the host is said to come from. Raises what pyinfra raises.
    """
    state = State(check_for_changes=False)
    state.cwd = str(DEPLOY.parent)
    state.init(Inventory(([("@fake/host", _strict(data))], {})), Config())
    (host,) = state.inventory
    if inventory:
        register(state, inventory)
    with ctx_state.use(state):
        connect_all(state)
        state.set_stage(StateStage.Prepare)
        # It raises when the last host has failed; the caller sees that in the result.
        with suppress(PyinfraError), ctx_config.use(state.config.copy()), ctx_host.use(host):
            command() if command else runpy.run_path(str(DEPLOY))
        atexit.unregister(end_of_run)
        state.set_stage(StateStage.Execute)
        with suppress(PyinfraError):
            run_ops(state)
    operations = [
        name for op_hash in host.op_hash_order for name in state.get_op_meta(op_hash).names
    ]
    if operations and (planned := run_of(state, {}).plans.get(host.name)):
        _assert_made(planned.changes, operations)
    commands = cast(FakeConnector, host.connector).executed_commands
    return Ran(operations, list(commands), host in state.failed_hosts)


def _assert_made(changes: Sequence[Change], operations: Sequence[str]) -> None:
    """Every change of the plan is one that the log of a host can follow to an operation."""
    titles = [name.partition(" | ")[0] for name in operations]
    became = after_failure(changes, titles, len(titles))
    assert "not made" not in became, became["not made"]


def encoded_words(command: str) -> str:
    """The texts that a command carries in base64, without quotes."""
    texts = []
    for word in re.findall(r"[A-Za-z0-9+/]{16,}=*", command):
        with suppress(ValueError):  # a script, which is compressed, or no base64 at all
            texts.append(base64.b64decode(word, validate=True).decode())
    return re.sub("['\"]", "", "\n".join(texts))


def _strict(data: Mapping[str, Any]) -> dict[str, Any]:
    unregistered = {"success": False, "stderr": "a command that the test did not register"}
    answers = {**data["fake_responses"], re.compile(""): unregistered}
    return {**data, "fake_responses": answers, "fake_delay": 0, "fake_delay_jitter": 0}
