"""One command for all hosts, on @fake ones: what becomes of the others when one is odd."""

import json
from pathlib import Path

import pytest

from rackwright import exits
from rackwright.fleetwide.asked import Listing
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
