"""Somebody else uses dpkg: a run waits for them, and says for whom."""

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
    assert lab.fingerprint(busy) == before
