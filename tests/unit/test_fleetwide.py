"""One command for all hosts: forms, command lines, streams, and files that are whole."""

import csv
import io
import json
import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.fleetwide.asked import Listing
from rackwright.fleetwide.conclusion import conclusion
from rackwright.fleetwide.formats import for_host, text
from rackwright.fleetwide.lines import Lines
from rackwright.fleetwide.sizes import human, parse_size
from rackwright.fleetwide.tag import said
from rackwright.fleetwide.whole import whole
from rackwright.fleetwide.words import entering, exec_command, logs_command, run_command
from rackwright.host.answer import BEGIN, announced, answer, answering
from rackwright.host.error import HostError
from rackwright.host.rooted import reason, rooted
from rackwright.host.ssh_command import ssh_command
from rackwright.report.outcome import HostResult, Outcome

ROWS = [{"Host": "a", "ID": "1"}, {"Host": "b", "ID": '2, "x"', "Digest": "é"}]


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("0B", 0),
        ("13.3kB", 13300),
        ("1.98MB", 1_980_000),
        ("2.5GB", 2_500_000_000),
        ("5B (virtual 7MB)", 5),
        ("N/A", 0),
        ("", 0),
    ],
)
def test_sizes_are_read(written: str, size: int) -> None:
    assert parse_size(written) == size


@given(st.integers(0, 10**17))
def test_sizes_are_written_as_docker_does_and_read_again(size: int) -> None:
    assert parse_size(human(size)) == pytest.approx(size, rel=0.006)


def test_json_and_csv_hold_every_field() -> None:
    assert json.loads(text(ROWS, "json")) == ROWS
    assert text([], "json") == "[]\n"
    read = list(csv.DictReader(io.StringIO(text(ROWS, "csv"))))
    assert read == [{"Host": "a", "ID": "1", "Digest": ""}, ROWS[1]]
    assert text([], "csv") == "Host\n"


def test_the_host_of_a_template_is_a_go_string() -> None:
    assert for_host("{{.ID}} {{ .Host }}", 'a"b') == '{{.ID}} {{"a\\"b"}}'
    assert for_host("{{.Hosts}}", "a") == "{{.Hosts}}"


def test_listings_are_docker_s() -> None:
    flags = {"--all": True, "--digests": False, "--no-trunc": True}
    asked = Listing.images(flags, ["dangling=true"], "debian:12")
    assert asked.shell(asked.row) == (
        "docker images --all --no-trunc --filter=dangling=true '--format={{json .}}' -- debian:12"
    )
    assert asked.summary([{"ID": "1", "Size": "1kB"}, {"ID": "1", "Size": "1kB"}]) == "1 image, 1kB"


def test_sizes_of_containers_are_asked_for_only_when_wanted() -> None:
    for size in (True, False):
        asked = Listing.containers({"--size": size}, [])
        assert ("--size" in asked.shell(asked.row)) == size
        assert ("{{json .Size}}" in asked.row) == size
        assert "{{json .}}" not in asked.row


def test_what_runs_in_containers_keeps_its_words() -> None:
    assert "--follow" in logs_command("web", "5", None, False, True)
    assert logs_command("web", "5", None, True) == (
        *("docker", "logs", "--timestamps", "--tail=5", "--", "web"),
    )
    assert exec_command("web", ["ls", "-l"], user="1:1", workdir=None, env=["A=b c", "D="]) == (
        *("docker", "exec", "--user=1:1", "--env=A=b c", "--env=D=", "--", "web", "ls", "-l"),
    )
    ran = run_command("debian", ["--help"], {"name": "x"}, detach=False, keep=False)
    assert ran == ("docker", "run", "--rm", "--name=x", "--", "debian", "--help")
    assert "--rm" not in run_command("debian", [], {}, detach=True, keep=False)
    assert "--rm" not in run_command("debian", [], {}, detach=False, keep=True)
    words = exec_command("web", ["sh"])
    assert entering(words, True, True)[:5] == ("docker", "exec", "--interactive", "--tty", "--")
    assert entering(words, True, False)[:4] == ("docker", "exec", "--interactive", "--")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_any_word_arrives_as_it_was_through_two_shells(word: str) -> None:
    shell = shlex.join(["printf", "%s", word])
    line = f"sh -c {shlex.quote(rooted(shell, own_sudo=False))}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=True)
    assert done.stdout.decode() == word


@pytest.mark.parametrize("greeting", ["echo Welcome; ", "printf Welcome; ", ""])
def test_an_answer_is_what_comes_after_the_words_of_the_login(greeting: str) -> None:
    shell = greeting + rooted(announced("echo ' one'; echo; exit 7"), own_sudo=False)
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True)
    assert answer(done.stdout.splitlines()) == [" one", ""]
    assert done.returncode == 7


@given(st.binary(), st.binary(max_size=40), st.integers(1, 30))
def test_a_stream_is_what_comes_after_the_words_of_the_login(
    greeting: bytes, content: bytes, size: int
) -> None:
    sent = greeting + f"\n{BEGIN}\n".encode() + content
    passed = bytearray()
    take = answering(passed.extend)
    for start in range(0, len(sent), size):
        take(sent[start : start + size])
    assert passed == content


def test_a_host_that_answers_something_else_is_failed_with_its_words() -> None:
    with pytest.raises(HostError, match="did not run what it was sent; it said: Welcome / closed"):
        answer(["Welcome", "", "closed"])
    with pytest.raises(HostError, match="it said: nothing"):
        answer([])


def test_becoming_root_leaves_standard_input_alone(tmp_path: Path) -> None:
    # Stand-ins, so that the outcome is the same whoever runs the tests.
    for name, script in {
        "id": "echo 1000",
        "sudo": 'shift; [ "$1" = true ] || { shift; echo root; exec "$@"; }',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    def ran() -> tuple[int, str, str]:
        done = subprocess.run(
            ["sh", "-c", rooted("cat; exit 7", own_sudo=True)],
            env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
            input="data",
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout, done.stderr

    assert ran() == (7, "root\ndata", "")
    (tmp_path / "sudo").write_text("#!/bin/sh\necho 'sudo: a password is required' >&2; exit 1\n")
    assert ran() == (1, "", "the login is not root, and has no sudo without a password\n")


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [
        ([f"sha256:{'a' * 64}", ""], "app:1 is aaaaaaaaaaaa"),
        (
            [f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"],
            "app:1 is aaaaaaaaaaaa, and was bbbbbbbbbbbb",
        ),
        ([f"sha256:{'a' * 64}"] * 2, "app:1 was aaaaaaaaaaaa already"),
    ],
)
def test_a_name_that_moves_is_told_with_what_it_was(ids: list[str], sentence: str) -> None:
    assert said("app:1", ids) == sentence


def test_reasons_say_what_to_do() -> None:
    assert reason(["Error response from daemon: No such image: x", ""]) == "No such image: x"
    said = reason(["the login is not root, and has no sudo without a password"])
    assert said.endswith("; give it that, or set _sudo_password for the host")
    assert "deploy.py" in reason(["sh: 1: docker: not found"])
    page = ["<html>", "<body>", "<h1>404 Not Found</h1>", "</body>", "</html>"]
    said = reason([f"failed to GET http://x with status 404 Not Found: {page[0]}", *page[1:]])
    assert said == "failed to GET http://x with status 404 Not Found"
    assert reason([]) == "it failed without a word"
    assert reason(["1", "2", "3", "4"]) == "2\n3\n4"


def test_ssh_logs_in_as_pyinfra_does() -> None:
    assert ssh_command("a", {}) == ["ssh", "--", "a"]
    data = {"ssh_hostname": "192.0.2.1", "ssh_user": "admin", "ssh_port": 2222, "ssh_key": "k"}
    data |= {"ssh_known_hosts_file": "/a b", "ssh_config_file": "c", "ssh_forward_agent": True}
    assert shlex.join(ssh_command("a", data, "-t", remote="sh -c 'true'")) == (
        "ssh -t -F c -i k -p 2222 -A -o 'UserKnownHostsFile='\"'\"'/a b'\"'\"'' "
        "-- admin@192.0.2.1 'sh -c '\"'\"'true'\"'\"''"
    )


def test_lines_are_whole_whatever_the_pieces() -> None:
    written = io.StringIO()
    lines = Lines("a", written)
    for chunk in (b"on", b"e\r\ntw", b"o\n\n\xc3", b"\xa9\xff"):
        lines(chunk)
    lines.end()
    assert written.getvalue() == "a | one\na | two\na | \na | é\ufffd\n"
    assert lines.last == ["two", "", "é\ufffd"]


def test_a_file_is_replaced_when_the_new_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "x.tar"
    file.write_text("before")
    with pytest.raises(ValueError, match="broken"), whole(file) as new:
        new.write(b"half")
        raise ValueError("broken")
    assert file.read_text() == "before"
    with whole(file) as new:
        new.write(b"whole")
    assert file.read_text() == "whole"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_conclusions() -> None:
    done = HostResult("a", Outcome.DONE)
    failed = HostResult("b", Outcome.FAILED)
    assert conclusion([done], "all good") == "1 host: 1 done; all good."
    assert conclusion([done, failed]).startswith("2 hosts: 1 done, 1 failed; mend what the table")
