"""A text of the admin's on its way back: for root alone, and byte for byte."""

import stat
import subprocess
from pathlib import Path

from rackwright.host.at_hand import at_hand

TEXT = "deb https://me:secret@apt.corp/debian bookworm main\n# from M\udcfcnchen\n"


def test_nobody_else_can_read_the_file_or_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "sources.list"
    path.parent.mkdir()
    path.touch(mode=0o644)
    deep = tmp_path / "made" / "sources.list"
    usual = tmp_path / "usual" / "daemon.json"
    for each in (path, deep, usual):
        (command,) = at_hand._inner(text=TEXT, path=str(each), open_folder=each is usual)
        said = command.connector_arguments["_stdin"]
        assert "secret" not in str(command) and said not in str(command)
        subprocess.run(["sh", "-c", str(command)], input=said, text=True, check=True)
        assert each.read_bytes() == TEXT.encode(errors="surrogateescape")
        assert stat.S_IMODE(each.stat().st_mode) == 0o600
    assert stat.S_IMODE(deep.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(usual.parent.stat().st_mode) == 0o755
