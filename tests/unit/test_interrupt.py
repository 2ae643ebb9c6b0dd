"""What a signal ends, in a Python of its own, which gevent patches."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lab.shell import wait_for
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


def ask():
    input("sure? ")


leave_on_signals()
if sys.argv[2] == "question":
    gevent.spawn(ask).join()
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


def _sleeps(pid: int) -> bool:
    # A signal just before a read is seen after it only (proc(5), stat).
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


def test_a_question_in_a_greenlet_is_broken_off_by_the_second_signal() -> None:
    words = [sys.executable, "-c", SCRIPT, str(int(signal.SIGINT)), "question"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout
            assert process.stderr
            assert process.stdout.read(6) == "sure? "
            for _ in range(2):
                wait_for("it waits for the answer", lambda: _sleeps(process.pid), 60)
                process.send_signal(signal.SIGINT)
                assert process.stderr.readline() == "stopped by Ctrl-C\n"
            assert process.wait(60) == 128 + signal.SIGINT
        finally:
            process.kill()


def test_ctrl_c_before_a_host_is_connected_is_told_in_a_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        inventory = tmp_path / "inventory.py"
        data = {"ssh_hostname": "127.0.0.1", "ssh_port": silent.getsockname()[1]}
        inventory.write_text(f"hosts = [('silent', {data})]\n")
        with (
            subprocess.Popen(
                [RACKWRIGHT, "images", inventory], stderr=subprocess.PIPE, text=True
            ) as process,
            silent.accept()[0] as connection,
        ):
            connection.settimeout(60)
            connection.recv(1)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "stopped by Ctrl-C\n")
