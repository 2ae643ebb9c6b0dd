"""The way back of daemon.sh, with its real files below a folder and a stand-in for systemd."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from rackwright.docker import DAEMON_SH
from rackwright.steps.daemon import daemon_step
from tests.unit.states import BARE

STAND_IN = """\
#!/bin/sh
case ${0##*/}:$* in
systemctl:*InvocationID*) cat "$ROOT/invocation" ;;
systemctl:*MainPID*) echo 0 ;;
docker:info) exit "$(cat "$ROOT/silent")" ;;
docker:ps*) cat "$ROOT/running" ;;
systemctl:is-failed*) ;;
esac
"""


class Host:
    """A folder that daemon.sh takes for the host's root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.daemon_json = root / "etc/docker/daemon.json"
        self.owned_keys = root / "var/lib/rackwright/owned-keys.json"
        for folder in ("etc/docker", "var/lib/rackwright", "bin"):
            (root / folder).mkdir(parents=True)
        for name in ("systemctl", "docker", "journalctl"):
            (root / "bin" / name).write_text(STAND_IN)
            (root / "bin" / name).chmod(0o755)
        self.is_started("one")
        self.is_silent(False)
        self.runs("")
        moved = re.sub(r"(?<=[=\s\"])/(?=(var|etc)/)", f"{root}/", DAEMON_SH.read_text())
        self.script = moved.replace("PATH=", f"PATH={root}/bin:")

    def is_started(self, invocation: str) -> None:
        """Docker was started anew."""
        (self.root / "invocation").write_text(invocation)

    def is_silent(self, silent: bool) -> None:
        """Docker does not answer."""
        (self.root / "silent").write_text(str(int(silent)))

    def runs(self, containers: str) -> None:
        """What runs in Docker, a line each."""
        (self.root / "running").write_text(containers)

    def run(self, *words: str, fails: bool = False) -> str:
        """A function of daemon.sh; returns what it says."""
        environment = {"ROOT": str(self.root), "PATH": "/usr/bin:/bin"}
        ran = ["sh", "-c", self.script, "daemon", *words]
        done = subprocess.run(ran, env=environment, text=True, stderr=subprocess.PIPE)
        assert (done.returncode != 0) == fails, done.stderr
        return done.stderr

    def change(self, text: str) -> None:
        """As the task does."""
        self.run("keep")
        new, owned = self.root / "new", self.root / "owned"
        new.write_text(text)
        owned.write_text(f"keys of {text}")
        self.run("swap", str(new), str(owned))

    def fails(self) -> str:
        """Docker does not work with what is there now."""
        self.is_silent(True)
        return self.run("roll_back", "restart", "Docker does not answer", fails=True)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """A host whose daemon.json is the admin's."""
    host = Host(tmp_path)
    host.daemon_json.write_text("old")
    return host


def test_a_change_that_does_not_work_is_taken_back(host: Host) -> None:
    host.change("new")
    assert host.daemon_json.read_text() == "new"
    assert host.owned_keys.read_text() == "keys of new"
    assert "with the configuration from before" in host.fails()
    assert host.daemon_json.read_text() == "old"
    assert not host.owned_keys.exists()


def test_what_the_admin_added_since_an_unproved_change_stays(host: Host) -> None:
    host.change("ours")
    host.daemon_json.write_text("ours and theirs")
    host.change("ours, theirs and new")
    host.fails()
    assert host.daemon_json.read_text() == "ours and theirs"


def test_a_change_that_docker_was_started_with_is_what_the_next_one_goes_back_to(
    host: Host,
) -> None:
    host.change("one")
    host.is_started("two")
    host.change("two")
    host.fails()
    assert host.daemon_json.read_text() == "one"


@pytest.mark.parametrize("died", [False, True])
def test_an_unproved_change_is_none_to_go_back_to(host: Host, died: bool) -> None:
    host.change("one")
    if died:
        host.is_started("two")
        host.is_silent(True)
    host.change("two")
    host.fails()
    assert host.daemon_json.read_text() == "old"


def test_without_a_change_of_ours_nothing_is_taken_back(host: Host) -> None:
    assert "its configuration stays as it is" in host.fails()
    assert host.daemon_json.read_text() == "old"


def test_a_link_comes_back_as_a_file(host: Host) -> None:
    kept = host.daemon_json.with_name("kept.json")
    host.daemon_json.rename(kept)
    host.daemon_json.symlink_to("kept.json")
    host.change("new")
    host.fails()
    assert host.daemon_json.read_text() == kept.read_text() == "old"


def test_a_file_that_changed_while_somebody_was_asked_is_left_alone(host: Host) -> None:
    def look() -> str:
        step = daemon_step({"debug": True}, {}, replace(BARE, daemon_json=text), None)
        return step.before if step else ""

    text: str | None = '{"labels": ["r\u00e4ume=b12"]}\n'
    host.daemon_json.write_text(str(text))
    host.run("as_seen", look())
    host.daemon_json.write_text("{}")
    assert "daemon.json has changed since" in host.run("as_seen", look(), fails=True)
    host.daemon_json.unlink()
    host.run("as_seen", look(), fails=True)
    text = None
    host.run("as_seen", look())


def test_containers_that_were_started_while_somebody_was_asked_are_left_alone(host: Host) -> None:
    host.run("idle")
    host.runs("web\ndb\n")
    said = host.run("idle", fails=True)
    assert said.strip().endswith("nothing was changed, run this again: web db")
