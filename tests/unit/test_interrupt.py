"""What a signal ends, in a Python of its own, which gevent patches."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rackwright.pace.interrupt import SIGNALS

RACKWRIGHT = Path(sys.executable).parent / "rackwright"

SCRIPT = """
from gevent import monkey

monkey.patch_all()
import os
import sys

import gevent
from rackwright.pace.interrupt import leave_on_signals


def work():
    try:
        os.kill(os.getpid(), int(sys.argv[1]))
        gevent.sleep(60)
    except SystemExit:
        print("torn")


leave_on_signals()
if sys.argv[2] == "main":
    os.kill(os.getpid(), int(sys.argv[1]))
gevent.spawn(work).join()
"""


@pytest.mark.parametrize("where", ["main", "greenlet"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_process_and_tears_no_greenlet(
    number: signal.Signals, where: str
) -> None:
    words = [sys.executable, "-c", SCRIPT, str(int(number)), where]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (128 + number, SIGNALS[number] + "\n")
    assert "torn" not in ended.stdout


def test_ctrl_c_before_a_host_is_connected_is_told_in_a_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        inventory = tmp_path / "inventory.py"
        data = {"ssh_hostname": "127.0.0.1", "ssh_port": silent.getsockname()[1]}
        inventory.write_text(f"hosts = [('silent', {data})]\n")
        with (
            subprocess.Popen(
                [RACKWRIGHT, "images", inventory], stderr=subprocess.PIPE, text=True
            ) as process,
            silent.accept()[0] as connection,
        ):
            connection.recv(1)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "stopped by Ctrl-C\n")
