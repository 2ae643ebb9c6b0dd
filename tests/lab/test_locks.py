"""Somebody else uses dpkg: a run waits for them, and says for whom."""

import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.fleet import Lab

# A package whose installation takes until somebody says so: a real dpkg that holds its locks.
SLOW = """
mkdir -p /tmp/slow/DEBIAN && cd /tmp
printf 'Package: slow\\nVersion: 1\\nArchitecture: all\\nMaintainer: lab\\nDescription: slow\\n' \\
    > slow/DEBIAN/control
printf '#!/bin/sh\\nuntil [ -e /tmp/go ]; do sleep 0.1; done\\n' > slow/DEBIAN/postinst
chmod 755 slow/DEBIAN/postinst
dpkg-deb --build -Znone slow slow.deb >/dev/null
rm -f /tmp/go
systemd-run --quiet --unit slow --property RemainAfterExit=no dpkg -i /tmp/slow.deb
timeout 30 sh -c 'until dpkg -s slow 2>/dev/null | grep -q "half-configured"; do sleep 0.1; done'
"""
GO = "touch /tmp/go; timeout 60 sh -c 'while systemctl is-active -q slow; do sleep 0.1; done'"
CLEAN = "dpkg -P slow; rm -rf /tmp/slow /tmp/slow.deb /tmp/go"

# A process that holds a lock as apt does (fcntl(2)), until somebody says so.
HOLD = """
rm -f /tmp/go
systemd-run --quiet --unit slow --property RemainAfterExit=no perl -MFcntl -e '
    open my $lock, ">>", "{lock}" or die;
    fcntl($lock, F_SETLK, my $whole = pack("ssx4qqix4", F_WRLCK, 0, 0, 0, 0)) or die;
    open my $held, ">", "/tmp/held"; close $held;
    select undef, undef, undef, 0.1 until -e "/tmp/go"'
timeout 30 sh -c 'until [ -e /tmp/held ]; do sleep 0.1; done'
rm /tmp/held
"""
ARCHIVES, LISTS = "/var/cache/apt/archives/lock", "/var/lib/apt/lists/lock"
# Between the package lists and the engine, with all that is before a run's first change behind it,
# and time left until the engine.
IN_MID_RUN = "Starting operation: Mirrors | "


@pytest.fixture
def bare(lab: Lab) -> Iterator[str]:
    """A bare host, on which nobody holds a lock in the end."""
    lab.reset(lab.debian13)
    yield lab.debian13
    lab.root(lab.debian13, f"{GO}; rm -f /tmp/go")


def hold(lab: Lab, name: str, lock: str, run: subprocess.Popen[str]) -> None:
    """A process on the host takes a lock while the run stands still."""
    run.send_signal(signal.SIGSTOP)
    try:
        lab.root(name, HOLD.format(lock=lock))
    finally:
        run.send_signal(signal.SIGCONT)


@pytest.fixture
def busy(lab: Lab) -> Iterator[str]:
    """A bare host on which a dpkg is at work."""
    lab.reset(lab.debian13)
    lab.root(lab.debian13, SLOW)
    yield lab.debian13
    lab.root(lab.debian13, GO)
    lab.root(lab.debian13, CLEAN)


def test_a_run_waits_for_who_is_there_first(lab: Lab, busy: str) -> None:
    ran = lab.deploy_and(
        lambda _: lab.root(busy, GO), busy, "is using apt or dpkg; waiting for it for up to 300 s"
    )
    assert ran.code == 0, ran.output
    assert "1 host: 1 changed" in ran.output


def test_a_wait_has_an_end_and_a_name(lab: Lab, busy: str) -> None:
    before = lab.fingerprint(busy)
    data: dict[str, Any] = {busy: {"docker_apt_timeout": 2}}
    ran = lab.deploy(limit=[busy], data=data)
    assert ran.code == 1
    pid = lab.root(busy, "systemctl show -p MainPID --value slow").strip()
    assert f"dpkg ({pid}) has been using apt or dpkg on this host all the time" in ran.output
    ours = lab.rackwright("apply", str(lab.inventory(data)), "-y", "--limit", busy)
    assert ours.code == 3
    assert f"{busy}: dpkg ({pid}) is using apt or dpkg; waiting for it for up to 2 s" in ours.output
    assert "Begin | apt and dpkg are free: dpkg (" in ours.output
    assert lab.fingerprint(busy) == before


@pytest.mark.parametrize("lock", [ARCHIVES, LISTS], ids=["archives", "lists"])
def test_a_run_waits_in_its_middle_for_who_downloads(lab: Lab, bare: str, lock: str) -> None:
    ran = lab.deploy_with(
        {
            IN_MID_RUN: lambda run: hold(lab, bare, lock, run),
            "is using apt or dpkg; waiting for it for up to 300 s": lambda _: lab.root(bare, GO),
        },
        bare,
    )
    assert ran.code == 0, ran.output
    assert "1 host: 1 changed" in ran.output
    assert "perl (" in ran.output


def test_a_wait_in_the_middle_has_an_end_and_a_name(lab: Lab, bare: str) -> None:
    ran = lab.deploy_with(
        {IN_MID_RUN: lambda run: hold(lab, bare, ARCHIVES, run)},
        bare,
        data={"docker_apt_timeout": 2},
    )
    assert ran.code == 1
    pid = lab.root(bare, "systemctl show -p MainPID --value slow").strip()
    assert f"perl ({pid}) has been using apt or dpkg on this host all the time" in ran.output
    assert "Unable to lock" not in ran.output
    lab.root(bare, GO)
    home = lab.deploy(limit=[bare])
    assert home.code == 0, home.output
