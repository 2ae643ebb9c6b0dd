"""One command for all hosts, on @fake ones: what becomes of the others when one is odd."""

import json
import os
import re
import signal
from pathlib import Path

import gevent.event
import pytest
from pyinfra.api import Host

from rackwright import exits
from rackwright.fleetwide.asked import Listing
from rackwright.fleetwide.hosts import on_each
from rackwright.fleetwide.listing import list_fleet
from rackwright.host.answer import BEGIN

ROW = json.dumps({"Names": "web", "ID": "1", "Image": "app:1", "Status": "Up", "Ports": ""})


def inventory(folder: Path, **answers: str) -> str:
    """An inventory of hosts, each with what it says to whatever it is asked."""
    quick = {"fake_delay": 0, "fake_delay_jitter": 0}
    hosts = [
        (f"@fake/{name}", {**quick, "fake_responses": {"": answers[name]}}) for name in answers
    ]
    # pyinfra reads a file of one name once.
    path = folder / f"{folder.name}.py"
    path.write_text(f"hosts = {hosts!r}\n")
    return str(path)


@pytest.mark.parametrize("odd", ["Welcome", f"{BEGIN}\nWelcome"])
def test_a_host_that_answers_something_else_is_one_failed_host(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], odd: str
) -> None:
    hosts = inventory(tmp_path, odd=odd, even=f"Welcome\n{BEGIN}\n{ROW}")
    asked = Listing.containers({"--all": True, "--size": False}, [])
    assert list_fleet(hosts, [], [], asked, "table") == exits.FAILED
    said = capsys.readouterr().out
    assert "2 hosts: 1 done, 1 failed" in said
    assert "web" in said


def test_ctrl_c_leaves_a_table_that_says_which_hosts_are_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick_is_done = gevent.event.Event()

    def work(host: Host) -> str:
        if host.name == "@fake/slow":
            quick_is_done.wait()
            os.kill(os.getpid(), signal.SIGINT)
            gevent.sleep(60)
        quick_is_done.set()
        return "stopped web"

    assert on_each(inventory(tmp_path, quick="", slow=""), [], [], work) == exits.FAILED
    said = capsys.readouterr().out
    assert re.search(r"@fake/quick +│ done +│ stopped web", said), said
    assert re.search(r"@fake/slow +│ failed +│ interrupted; what was begun may go on", said), said
    assert "2 hosts: 1 done, 1 failed" in said
