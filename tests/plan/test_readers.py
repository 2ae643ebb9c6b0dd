"""Runs whose reader goes: the process is a real one, its hosts are pyinfra's fake ones."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

RACKWRIGHT = Path(sys.executable).parent / "rackwright"
ROOT = Path(__file__).parents[2]
HOSTS = """hosts = [
    (f"@fake/{name}", {"fake_delay": 0.3, "fake_delay_jitter": 0}) for name in "ab"
]
"""
DEPLOY = """
from pyinfra.operations import server

for name in ("first", "second", "third", "fourth"):
    server.shell(name=name, commands=[name])
"""


@pytest.mark.parametrize(
    ("interrupted", "code", "outcome"), [(True, 3, "not reached"), (False, 0, "changed")]
)
def test_a_run_outlives_who_reads_it(
    tmp_path: Path, interrupted: bool, code: int, outcome: str
) -> None:
    """As with `rackwright apply 2>&1 | tee log`, where Ctrl-C ends tee as well."""
    inventory, deploy = tmp_path / "inventory.py", tmp_path / "run.py"
    inventory.write_text(HOSTS)
    deploy.write_text(DEPLOY)
    words = ["--task", str(deploy), "--yes", "--report", str(tmp_path / "reports")]
    with subprocess.Popen(
        [RACKWRIGHT, "apply", str(inventory), *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        assert any("@fake/a: second" in line for line in process.stdout)
        process.stdout.close()
        if interrupted:
            process.send_signal(signal.SIGINT)
        assert process.wait(60) == code
    (report,) = (tmp_path / "reports").glob("*/report.json")
    record = json.loads(report.read_text())
    assert record["exit_code"] == code
    assert {host["outcome"] for host in record["hosts"]} == {outcome}
