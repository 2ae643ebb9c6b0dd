"""deploy.py on pyinfra's @fake hosts: what would be run, exactly, without a host.

Strict: a command that a test did not register fails, and the test with it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyinfra.api import Config, Inventory, State
from pyinfra.api.connect import connect_all
from pyinfra.api.operations import run_ops
from pyinfra.api.state import StateStage
from pyinfra.context import ctx_state
from pyinfra_cli.util import load_deploy_file

DEPLOY = Path(__file__).parents[2] / "deploy.py"


@dataclass(frozen=True)
class Ran:
    """What happened to one fake host: names of operations in order, commands in order."""

    operations: list[str]
    commands: list[str]
    failed: bool


def run(hosts: Mapping[str, dict[str, Any]]) -> dict[str, Ran]:
    """Run deploy.py, as `pyinfra -y` does, on fake hosts with this data, `fake_responses` among it.

    Returns what ran by host name. Raises what pyinfra raises.
    """
    names = [
        (f"@fake/{name}", {"fake_delay": 0, "fake_delay_jitter": 0, **_strict(data)})
        for name, data in hosts.items()
    ]
    state = State(check_for_changes=False)
    state.cwd = str(DEPLOY.parent)
    state.init(Inventory((names, {})), Config())
    with ctx_state.use(state):
        connect_all(state)
        state.set_stage(StateStage.Prepare)
        load_deploy_file(state, str(DEPLOY))
        state.set_stage(StateStage.Execute)
        run_ops(state)
    return {host.name.removeprefix("@fake/"): _ran(state, host) for host in state.inventory}


def _strict(data: dict[str, Any]) -> dict[str, Any]:
    unregistered = {"success": False, "stderr": "a command that the test did not register"}
    return {**data, "fake_responses": {**data["fake_responses"], re.compile(""): unregistered}}


def _ran(state: State, host: Any) -> Ran:
    operations = [
        name.partition(" | ")[2]
        for op_hash in host.op_hash_order
        for name in sorted(state.get_op_meta(op_hash).names)
    ]
    return Ran(operations, list(host.connector.executed_commands), host in state.failed_hosts)
