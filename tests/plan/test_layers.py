"""What groups and hosts say together: every command that reads settings takes all of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rackwright import exits
from rackwright.bundle.make import bundle_fleet
from rackwright.fleetwide.gpus import show_fleet
from rackwright.lock.make import lock_fleet

# What the group asks for does not fit to what its host asks for.
INVENTORY = """
WEB = {"image": "app:1", "ports": ["80:80"]}
hosts = (
    [("@fake/host", {"docker_containers": {"two": WEB}, "fake_delay": 0})],
    {"docker_containers": {"one": WEB}},
)
"""
COMMANDS: dict[str, Callable[[str, Path], int]] = {
    "lock": lambda inventory, _: lock_fleet(inventory, [], []),
    "bundle": lambda inventory, folder: bundle_fleet(inventory, [], [], folder / "bundle"),
    "gpu": lambda inventory, _: show_fleet(inventory, [], [], as_json=False),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_maps_of_groups_and_hosts_are_merged(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory = tmp_path / f"{command}.py"  # pyinfra reads a file of one name once
    inventory.write_text(INVENTORY)
    assert COMMANDS[command](str(inventory), tmp_path) == exits.SETTINGS
    assert "one and two both take the host's port 80/tcp" in capsys.readouterr().err
