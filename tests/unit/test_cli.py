"""The rackwright command: help, exit codes, start-up."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rackwright.cli import app
from rackwright.report.place import kept
from rackwright.report.record import RunRecord

RACKWRIGHT = str(Path(sys.executable).parent / "rackwright")
PYINFRA = str(Path(sys.executable).parent / "pyinfra")
ROOT = Path(__file__).parents[2]


def ran(*words: str, **how: Any) -> subprocess.CompletedProcess[str]:
    """The finished command."""
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, **how)


def reporting(folder: Path) -> dict[str, str]:
    """The environment of a command that leaves its report there."""
    return {**os.environ, "RACKWRIGHT_REPORTS": str(folder)}


def reported(folder: Path) -> RunRecord:
    """The only report there."""
    (found,) = kept(folder)
    return RunRecord.model_validate_json((found / "report.json").read_bytes())


@pytest.mark.parametrize("start", [(RACKWRIGHT,), (sys.executable, "-m", "rackwright")])
def test_help_can_be_had_both_ways(start: tuple[str, ...]) -> None:
    done = ran(*start, "--help")
    assert done.returncode == 0
    assert "Exit codes: 0 all is well, 2 drift or pending changes, 3 some" in done.stdout


@pytest.mark.parametrize("command", [each.name for each in app.registered_commands])
def test_the_help_of_a_command_has_an_example(command: str) -> None:
    done = ran(RACKWRIGHT, command, "--help")
    assert done.returncode == 0
    assert f"Example: rackwright {command} inventory/" in done.stdout


def test_help_imports_nothing_that_it_does_not_need() -> None:
    code = (
        "import sys; from rackwright.cli import main; sys.argv = ['rackwright', '--help']; main();"
        "print({'pyinfra', 'pydantic', 'requests', 'rich', 'gevent'} & set(sys.modules))"
    )
    assert ran(sys.executable, "-c", code).stdout.endswith("set()\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "x", "--nonsense"], "No such option: --nonsense"),
        (["check"], "Missing argument"),
        (["nonsense"], "No such command"),
        (["check", "/nonexistent.py"], "/nonexistent.py: there is no such inventory file"),
        (["check", "inventory/example.py", "--limit", "x"], "'x': no host and no group"),
        (["check", "inventory/example.py", "--limit", "servr-2"], "the nearest is server-2"),
        (["check", "inventory/example.py", "--exclude", "*"], "leave no host of the inventory"),
        (["lock", "localhost"], "a lock needs an inventory file"),
        (["images", "x", "--filter", "nonsense"], "write KEY=VALUE"),
        (["images", "inventory/example.py", "--format", "yaml"], "json, csv or a Go template"),
        (["images", "x", "--format", "table {{.ID}}"], "leave out the word table"),
        (["logs", "x", "web\n-v"], "is no name"),
        (["exec", "x", "--", "-v", "ls"], "'-v' is no name"),
        (["run", "x", "Debian:12"], "'Debian:12': write NAME:TAG"),
        (["run", "x", "debian:12@sha256:1"], "'debian:12@sha256:1': write NAME:TAG"),
        (["tag", "x", "app:1", f"app@sha256:{'1' * 64}"], "a tag has no digest"),
        (["import", "x", "-", "App:1"], "'App:1': write NAME:TAG"),
        (["import", "x", "http://a b", "app:1"], "write a URL as one word"),
        (["exec", "x", "web", "-e", "A=b\nc", "ls"], "holds a newline"),
        (["exec", "inventory/example.py", "web", "-it", "ls"], "go to one host"),
        (["attach", "inventory/example.py", "server-*", "web"], "these are 2: name one"),
        (["run", "@local", "debian", "-i", "sh"], "only on hosts reached over SSH"),
        (["stop", "x", "web", "--", "--time=0"], "'--time=0' is no name"),
        (["export", "inventory/example.py", "server-*", "web", "x.tar"], "these are 2"),
        (["import", "x", "/nonexistent.tar", "app:1"], "/nonexistent.tar: cannot be read: No such"),
        (["tag", "x", "app:1", "APP:1"], "'APP:1': write NAME:TAG, HOST:PORT"),
        (["tag", "x", "app:1", "app:1@sha256:0"], "a tag has no digest"),
        (["prune", "x"], "say what is to go"),
        (["plan", "inventory/example.py", "--task", "nowhere.py"], "nowhere.py: there is no such"),
        (["plan", "inventory/example.py", "--task", "tasks.nothing"], "tasks.nothing: No such"),
        (
            ["apply", "inventory/example.py", "version=26.1"],
            "deploy.py is a file, and takes no arg",
        ),
        (
            ["apply", "inventory/example.py", "--task", "tasks.upgrade.upgrade", "vers=26.1"],
            "unexpected keyword argument 'vers'; it takes version, allow_downgrade",
        ),
        (["apply", "inventory/example.py", "--json"], "add --yes"),
        (["apply", "inventory/example.py", "--data", "docker_version"], "write KEY=VALUE"),
        (["apply", "inventory/example.py", "--data", "host_timeouts=1"], "is host_timeout"),
        (["prune", "x", "--images", "--older-than", "week"], "as in 7d"),
    ],
)
def test_a_wrong_command_line_is_not_drift(words: list[str], said: str) -> None:
    done = ran(RACKWRIGHT, *words)
    assert done.returncode == 4
    assert said in done.stderr


def test_settings_errors_of_all_hosts_are_told_before_any_is_connected(tmp_path: Path) -> None:
    inventory = tmp_path / "x.py"
    inventory.write_text("hosts = (['192.0.2.1', '192.0.2.2'], {'docker_users': ['-x']})\n")
    for command in ("plan", "apply", "check", "lock"):
        done = ran(RACKWRIGHT, command, str(inventory))
        assert done.returncode == 4
        assert done.stderr.count("docker_users.0: a login name has only") == 2
        assert "Traceback" not in done.stderr


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    file = tmp_path / "x.tar"
    file.write_text("precious")
    done = ran(RACKWRIGHT, "export", "@local", "@local", "web", str(file))
    assert done.returncode == 5
    assert "is there already, and stays as it is; --force" in done.stderr
    assert file.read_text() == "precious"


def test_what_needs_ssh_says_so_of_a_local_host(tmp_path: Path) -> None:
    for words in (
        ["logs", "@local", "web"],
        ["export", "@local", "@local", "web", f"{tmp_path}/x"],
    ):
        done = ran(RACKWRIGHT, *words)
        assert done.returncode == 3
        assert "this works only on hosts that are reached over SSH" in done.stdout
        assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_inventory_that_fails_is_told_in_one_sentence(tmp_path: Path) -> None:
    inventory = tmp_path / "x.py"
    for content, said in (
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("exit('no')", "no"),
        ("hosts = [", "line 1: '[' was never closed"),
        ("hosts = 3", 'a host is "name" or ("name", {...})'),
        ("hosts = ['a', ('b', 3)]", 'a host is "name" or ("name", {...})'),
        ("hosts = (['a'], ['b'])", 'a host is "name" or ("name", {...})'),
    ):
        inventory.write_text(content)
        done = ran(RACKWRIGHT, "plan", str(inventory))
        assert (done.returncode, done.stdout) == (4, "")
        assert done.stderr.startswith(f"{inventory}: ")
        assert done.stderr.endswith(f"{said}\n")
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "command", [(PYINFRA, "-y", "{}", "deploy.py"), (RACKWRIGHT, "plan", "{}")]
)
def test_a_run_that_reaches_no_host_ends_with_table_and_report(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    inventory = tmp_path / "x.py"
    data = {"ssh_hostname": "127.0.0.1", "ssh_port": 1}
    inventory.write_text(f"hosts = [('nobody', {data}), ('nowhere', {data})]\n")
    done = ran(*(word.format(inventory) for word in command), env=reporting(tmp_path / "r"))
    assert done.returncode == (1 if command[0] == PYINFRA else 3)
    assert "│ nobody  │ unreachable │ connect │ " in done.stdout
    assert "2 hosts: 2 unreachable; mend what the table names" in done.stdout
    assert "Traceback" not in done.stderr
    record = reported(tmp_path / "r")
    assert [(host.name, host.outcome) for host in record.hosts] == [
        ("nobody", "unreachable"), ("nowhere", "unreachable"),
    ]  # fmt: skip
    assert record.inventory_file == str(inventory)


def test_a_run_that_is_ended_while_it_connects_has_a_report(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        data = {"ssh_hostname": "127.0.0.1", "ssh_port": silent.getsockname()[1]}
        (tmp_path / "x.py").write_text(f"hosts = [('silent', {data})]\n")
        words = (PYINFRA, "-y", str(tmp_path / "x.py"), "deploy.py")
        with (
            subprocess.Popen(
                words, cwd=ROOT, env=reporting(tmp_path / "r"), stderr=subprocess.PIPE
            ) as running,
            silent.accept()[0],
        ):
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=60)
    assert [host.name for host in reported(tmp_path / "r").hosts] == ["silent"]


def test_the_record_on_standard_output_is_all_there_is(tmp_path: Path) -> None:
    inventory = tmp_path / "x.py"
    inventory.write_text("hosts = [('@fake/a', {'fake_delay': 0, 'fake_delay_jitter': 0})]\n")
    task = tmp_path / "run.py"
    task.write_text("from pyinfra.operations import server\nserver.shell(commands=['x'])\n")
    words = ("--task", str(task), "--json", "--yes")
    record = json.loads(ran(RACKWRIGHT, "apply", str(inventory), *words).stdout)
    assert record["exit_code"] == 0
    assert [(host["name"], host["outcome"]) for host in record["hosts"]] == [("@fake/a", "changed")]


def test_nobody_who_says_yes_is_a_refusal(tmp_path: Path) -> None:
    inventory = tmp_path / "x.py"
    quick = {"fake_delay": 0, "fake_delay_jitter": 0}
    inventory.write_text(f"hosts = [('@fake/a', {quick}), ('@fake/ill', {quick})]\n")
    task = tmp_path / "run.py"
    task.write_text(
        "from pyinfra import host\nfrom pyinfra.operations import server\n"
        "server.shell(commands=['x'])\nif host.name == '@fake/ill':\n    1 / 0\n"
    )
    words = (RACKWRIGHT, "apply", str(inventory), "--task", str(task))
    for number, (answer, code) in enumerate((("n\n", 5), ("", 5), ("y\n", 3))):
        folder = tmp_path / str(number)
        done = ran(*words, input=answer, env=reporting(folder))
        assert done.returncode == code, done.stderr
        assert ("Nothing was changed." in done.stderr) is (code == 5)
        before, _, after = done.stdout.partition("Make these changes on 1 host?")
        for shown in (before, after):
            assert "│ @fake/ill │ failed" in shown
        record = reported(folder)
        assert record.exit_code == code
        outcomes = [host.outcome for host in record.hosts]
        assert outcomes == ["would change" if code == 5 else "changed", "failed"]


def test_changes_that_wait_are_an_exit_code_for_those_who_ask(tmp_path: Path) -> None:
    inventory = tmp_path / "x.py"
    inventory.write_text("hosts = [('@fake/a', {'fake_delay': 0, 'fake_delay_jitter': 0})]\n")
    task = tmp_path / "run.py"
    task.write_text("from pyinfra.operations import server\nserver.shell(commands=['x'])\n")
    words = (RACKWRIGHT, "plan", str(inventory), "--task", str(task))
    assert ran(*words).returncode == 0
    assert ran(*words, "--detailed-exitcode").returncode == 2


def test_the_shell_completes_commands() -> None:
    asked = {
        "_RACKWRIGHT_COMPLETE": "complete_bash",
        "COMP_WORDS": "rackwright ap",
        "COMP_CWORD": "1",
    }
    done = subprocess.run(
        (RACKWRIGHT,), env={**os.environ, **asked}, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["apply"]


@pytest.mark.parametrize("words", [["exmple.py"], ["example.py", "--limit", "nobody"]])
def test_pyinfra_says_that_nobody_was_asked(words: list[str]) -> None:
    inventory, *limit = words
    done = ran(PYINFRA, "-y", f"inventory/{inventory}", "deploy.py", *limit)
    assert done.stderr.endswith(
        "No host was asked, and nothing was done: look at the inventory's path and at --limit.\n"
    )
