"""Two admins at once on one host: one wins, the other is told who, and the host's log knows both.

A dpkg that takes its time (tests/lab/test_locks.py) holds the first run up, after it took the host.
"""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab import counter
from lab.shell import LabError
from rackwright.host_lock.holder import Holder
from rackwright.host_lock.turn import Turn
from tests.lab.fleet import PYINFRA, RACKWRIGHT, ROOT, Lab, Ran, lines
from tests.lab.test_locks import CLEAN, GO, SLOW

LOCK = "/run/rackwright/lock"
LOST = "/run/rackwright/lost"
WAITS = "is using apt or dpkg; waiting for it"
# What each admin wants is a change that takes apt's lock, and no time besides.
ANNA: dict[str, Any] = {"docker_hold": False}
BEN: dict[str, Any] = {"docker_hold": True}


@pytest.fixture(scope="module")
def name(lab: Lab) -> str:
    """A converged host."""
    host = str(lab.debian13)
    lab.reset(host)
    assert lab.deploy(limit=[host]).code == 0
    return host


@pytest.fixture
def busy(lab: Lab, name: str) -> Iterator[str]:
    """The host as it was, free, and with a dpkg at work."""
    lab.root(name, f"rm -f {LOCK} /var/log/rackwright.jsonl")
    assert as_admin(lab, "root", name, BEN).code == 0
    lab.root(name, f"rm -f {LOCK} /var/log/rackwright.jsonl; {SLOW}")
    yield name
    lab.root(name, f"{GO}; {CLEAN}")


def as_admin(
    lab: Lab,
    admin: str,
    name: str,
    data: dict[str, Any],
    *flags: str,
    at: str = "",
    do: Callable[[subprocess.Popen[str]], object] = print,
    asks: bool = False,
    paced: bool = False,
) -> Ran:
    """deploy.py on one host by this admin; something is done when it prints `at`.

    With `asks`, it waits for Enter before it changes anything; with `paced`, it is our own apply.
    """
    inventory = lab.inventory({name: data})
    mine = inventory.with_name(f"{admin}.py")
    inventory.rename(mine)
    words = ["apply", str(mine), "--report", "off"] if paced else [str(mine), "deploy.py"]
    sure = () if asks else ("-y",)
    command = [RACKWRIGHT if paced else PYINFRA, *words, *sure, "--limit", name, *flags]
    said: list[str] = []
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "LOGNAME": admin},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in lines(process):
            said.append(line)
            if at and at in line:
                do(process)
                at = ""
    assert not at, f"{at!r} was never printed:\n{''.join(said)}"
    return Ran(process.returncode, "".join(said))


def log(lab: Lab, name: str) -> list[tuple[str, str]]:
    """Who, and with what result, line by line."""
    lines = map(json.loads, lab.root(name, "cat /var/log/rackwright.jsonl").splitlines())
    return [(str(line["who"]).partition("@")[0], str(line["result"])) for line in lines]


def test_one_wins_and_the_other_is_told_who(lab: Lab, busy: str) -> None:
    others: list[Ran] = []

    def meanwhile(_: object) -> None:
        before = lab.fingerprint(busy)
        others.append(as_admin(lab, "ben", busy, BEN))
        inventory = str(lab.inventory({}))
        others.append(lab.rackwright("stop", inventory, "web", "--limit", busy))
        assert lab.fingerprint(busy) == before
        # The one who waits gets home, with a plan that was made after the wait.
        waits = "--data", "docker_lock_wait=120"
        at = "waiting for up to 120 s"
        others.append(
            as_admin(lab, "carl", busy, BEN, *waits, at=at, do=lambda _: lab.root(busy, GO))
        )

    won = as_admin(lab, "anna", busy, ANNA, at=WAITS, do=meanwhile)
    assert won.code == 0, won.output
    ben, stop, carl = others
    assert ben.code == 1
    assert "anna@" in ben.output
    assert "has been changing this host since" in ben.output
    assert "(pyinfra " in ben.output
    assert "docker_lock_break=true" in ben.output
    assert stop.code == 3
    assert "anna@" in stop.output
    assert carl.code == 0, carl.output
    assert "1 host: 1 changed" in carl.output
    assert lab.root(busy, "apt-mark showhold").split()
    changes = log(lab, busy)
    assert {who for who, _ in changes} == {"anna", "carl"}
    assert [result for who, result in changes if who == "anna"][-1] == "done"


def test_a_failed_change_gives_the_host_back_and_is_in_the_log(lab: Lab, busy: str) -> None:
    failed = as_admin(lab, "anna", busy, {**ANNA, "docker_apt_timeout": 1})
    assert failed.code == 1
    assert "has been using apt or dpkg" in failed.output
    assert lab.root(busy, f"head -n 1 {LOCK}").split()[1] == "over"
    assert set(log(lab, busy)) == {("anna", "planned"), ("anna", "not made")}
    lab.root(busy, GO)
    after = as_admin(lab, "ben", busy, ANNA)
    assert after.code == 0, after.output
    inventory = str(lab.inventory({}))
    shown = lab.rackwright("history", inventory, "--limit", busy, "--json")
    entries = json.loads(shown.output)
    assert [(entry["who"][:3], entry["task"], entry["result"]) for entry in entries] == [
        ("ann", "repair", "not made"),
        ("ann", "hold", "not made"),
        ("ben", "hold", "done"),
    ]
    journal = lab.root(busy, "journalctl -t rackwright -o cat -n 1")
    assert json.loads(journal)["result"] == "done"


def test_a_dead_run_is_taken_up_by_its_admin_and_broken_by_a_word(lab: Lab, busy: str) -> None:
    def dies(process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGKILL)

    killed = as_admin(lab, "anna", busy, ANNA, at=WAITS, do=dies)
    assert killed.code == -signal.SIGKILL
    lab.root(busy, GO)
    assert set(log(lab, busy)) == {("anna", "planned")}
    other = as_admin(lab, "ben", busy, ANNA)
    assert other.code == 1
    assert "anna@" in other.output
    broken = as_admin(lab, "ben", busy, ANNA, "--data", "docker_lock_break=true")
    assert broken.code == 0, broken.output
    lab.root(busy, SLOW)
    again = as_admin(lab, "anna", busy, BEN, at=WAITS, do=dies)
    assert again.code == -signal.SIGKILL
    lab.root(busy, GO)
    same = as_admin(lab, "anna", busy, BEN)
    assert same.code == 0, same.output
    lab.root(busy, f"sed -i '1s/over/held/' {LOCK}")
    lab.root(busy, f"touch -d '11 minutes ago' {LOCK}")
    # Its connection is known to be gone only now, and what it began may go on.
    gone = as_admin(lab, "ben", busy, ANNA)
    assert gone.code == 1
    assert "its connection is gone, and from" in gone.output
    lab.root(busy, f"touch -d '11 minutes ago' {LOST}")
    expired = as_admin(lab, "ben", busy, ANNA)
    assert expired.code == 0, expired.output


def test_whoever_is_broken_loses_the_connection(lab: Lab, busy: str) -> None:
    others: list[Ran] = []

    def breaks(_: object) -> None:
        # By the time that the dpkg ends, one of the two is out of the way.
        word = "--data", "docker_lock_break=true"
        others.append(
            as_admin(lab, "ben", busy, BEN, *word, at=WAITS, do=lambda _: lab.root(busy, GO))
        )

    broken = as_admin(lab, "anna", busy, ANNA, at=WAITS, do=breaks)
    assert broken.code == 1
    assert others[0].code == 0, others[0].output
    assert log(lab, busy) == [("anna", "planned")] * 2 + [("ben", "planned"), ("ben", "done")]


# The step of apply that waits for the dpkg.
HELD_UP = "Begin | apt and dpkg are free"


def test_apply_waits_for_another_apply_or_takes_the_host_from_it(lab: Lab, busy: str) -> None:
    others: list[Ran] = []

    def apply(admin: str, *flags: str, **how: Any) -> None:
        others.append(as_admin(lab, admin, busy, BEN, *flags, paced=True, **how))

    def meanwhile(_: object) -> None:
        apply("ben")
        at = "waiting for up to 120 s"
        apply("carl", "--wait", "120", at=at, do=lambda _: lab.root(busy, GO))

    won = as_admin(lab, "anna", busy, ANNA, at=HELD_UP, do=meanwhile, paced=True)
    assert won.code == 0, won.output
    refused, waited = others
    assert refused.code == 3, refused.output
    assert "anna@" in refused.output
    assert "nothing was changed" in refused.output
    assert waited.code == 0, waited.output
    assert "1 host: 1 changed" in waited.output

    def breaks(_: object) -> None:
        apply("ben", "--break-lock", at=HELD_UP, do=lambda _: lab.root(busy, GO))

    lab.root(busy, f"rm -f /var/log/rackwright.jsonl; {CLEAN}; {SLOW}")
    broken = as_admin(lab, "anna", busy, ANNA, at=HELD_UP, do=breaks, paced=True)
    assert broken.code == 3, broken.output
    assert "1 host: 1 failed" in broken.output
    assert others[-1].code == 0, others[-1].output
    made = [(who, result) for who, result in log(lab, busy) if result != "planned"]
    assert set(made) == {("ben", "done")}


def test_apply_that_is_stopped_gives_the_host_back(lab: Lab, busy: str) -> None:
    def stops(process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGINT)
        lab.root(busy, GO)

    stopped = as_admin(lab, "anna", busy, ANNA, at=HELD_UP, do=stops, paced=True)
    assert stopped.code == 3, stopped.output
    assert lab.root(busy, f"head -n 1 {LOCK}").split()[1] == "over"
    assert set(log(lab, busy)) == {("anna", "planned"), ("anna", "not made")}
    after = as_admin(lab, "ben", busy, ANNA, paced=True)
    assert after.code == 0, after.output


def test_a_command_of_one_step_breaks_a_lock_by_a_word_too(lab: Lab, busy: str) -> None:
    others: list[Ran] = []

    def breaks(_: object) -> None:
        inventory = str(lab.inventory({}))
        flags = ("--limit", busy, "--break-lock")
        others.append(lab.rackwright("stop", inventory, "web", *flags))
        lab.root(busy, GO)

    assert as_admin(lab, "anna", busy, ANNA, at=WAITS, do=breaks).code == 1
    assert "anna@" not in others[0].output
    assert "No such container: web" in others[0].output


def test_a_plan_that_was_made_before_another_run_is_refused(lab: Lab, busy: str) -> None:
    lab.root(busy, GO)

    def meanwhile(process: subprocess.Popen[str]) -> None:
        ran = as_admin(lab, "ben", busy, ANNA)
        assert ran.code == 0, ran.output
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()

    late = as_admin(lab, "anna", busy, ANNA, at="Detected changes:", do=meanwhile, asks=True)
    assert late.code == 1
    assert "the plan is out of date: ben@" in late.output


def test_an_unchanged_host_costs_one_command_and_no_lock(lab: Lab, name: str) -> None:
    assert as_admin(lab, "anna", name, BEN).code == 0
    lab.root(name, f"rm -f {LOCK}")
    counter.start(name)
    ran = as_admin(lab, "anna", name, BEN)
    assert counter.stop(name) == 1
    assert "1 unchanged" in ran.output
    lab.root(name, f"[ ! -e {LOCK} ]")


def test_a_run_holds_the_host_again_after_a_reboot_of_its_own(lab: Lab, name: str) -> None:
    anna, ben = (Turn(Holder(run, f"{run}@x", 1, "a command")) for run in ("anna", "ben"))
    lab.root(name, f"rm -f {LOCK}; {anna.begin([])}")
    lab.root(name, f"rm {LOCK}")  # as /run is empty after a reboot
    lab.root(name, anna.again())
    assert lab.root(name, f"head -n 1 {LOCK}").split() == ["anna", "held"]
    with pytest.raises(LabError, match="anna@x has been changing this host since"):
        lab.root(name, ben.begin([]))
    lab.root(name, f"rm {LOCK}")
    lab.root(name, ben.begin([]))
    with pytest.raises(LabError, match="ben@x has been changing this host since"):
        lab.root(name, anna.again())
    lab.root(name, f"rm {LOCK}")
