"""Versions: what is offered, what is meant, what moves with what, and what is on hold."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.host.error import RefusedError
from rackwright.laptop.command_line import as_typed
from rackwright.look.observed import Engine, Observed, Package
from rackwright.planning import plan
from rackwright.settings import Settings
from rackwright.steps.engine import (
    CONTAINERD,
    ENGINE,
    ENGINE_PACKAGES,
    engine_step,
    wanted_packages,
)
from rackwright.steps.hold import hold_step
from rackwright.steps.repair import with_repaired
from rackwright.versions.offers import NotOfferedError, Offer, choose, parse_offers
from rackwright.versions.resolve import newer_on_offer, resolved
from tests.unit.states import BARE, NEWEST, PASSWORDS, RUNNING, after, hosts, settings_

OLD = "5:20.10.24-1~debian.12~bookworm"
SHOWN = f"""\
Package: docker-ce
Version: {NEWEST}
SHA256: {"a" * 64}

Package: docker-ce
Version: {OLD}
SHA256: {"b" * 64}

Package: docker-ce
Version: 5:19.03.15-1~debian.12~bookworm

"""
OFFERS = [
    *(Offer(name, version, "c" * 64) for name in ENGINE_PACKAGES for version in (NEWEST, OLD)),
    *(Offer(CONTAINERD, version, "d" * 64) for version in ("1.7.24-1", "1.6.20-1")),
    *(Offer(f"docker-{each}-plugin", "2.0-1", "e" * 64) for each in ("buildx", "compose")),
]


def installed(engine: str = OLD, containerd: str = "1.6.20-1", status: str = "ii") -> Observed:
    """A host with all packages, at these versions."""
    versions = {
        **dict.fromkeys(ENGINE_PACKAGES, engine),
        CONTAINERD: containerd,
        "docker-buildx-plugin": "1.0-1",
        "docker-compose-plugin": "1.0-1",
    }
    packages = {name: Package(version, status) for name, version in versions.items()}
    return replace(BARE, packages=packages, unit=RUNNING, engine=Engine("20.10.24"))


def test_offers_are_the_stanzas_with_a_hash() -> None:
    assert [(offer.version, offer.sha256[0]) for offer in parse_offers(SHOWN.splitlines())] == [
        (NEWEST, "a"),
        (OLD, "b"),
    ]


@pytest.mark.parametrize(("wanted", "chosen"), [("latest", NEWEST), ("20.10", OLD), (OLD, OLD)])
def test_the_newest_that_fits_is_chosen_and_the_engine_s_packages_agree(
    wanted: str, chosen: str
) -> None:
    found = choose(Settings(docker_version=wanted), OFFERS)
    assert {found[name].version for name in ENGINE_PACKAGES} == {chosen}
    assert found[CONTAINERD].version == "1.7.24-1"


def test_a_version_that_is_not_offered_is_answered_with_those_that_are() -> None:
    with pytest.raises(NotOfferedError, match=r"no docker-ce 28; on offer: 5:26\.1\.5.*, 5:20\.10"):
        choose(Settings(docker_version="28"), parse_offers(SHOWN.splitlines()))


def versions(settings: Settings, host: Observed) -> dict[str, str]:
    """What would be installed, by package."""
    exact = resolved(settings, host, OFFERS)
    step = engine_step(exact, with_repaired(host), new_source=False)
    return dict(step.versions) if step else {}


def test_latest_leaves_a_working_host_alone_and_an_upgrade_does_not() -> None:
    assert versions(Settings(), installed()) == {}
    moved = versions(Settings(docker_upgrade=True), installed())
    assert {moved[name] for name in ENGINE_PACKAGES} == {NEWEST}
    assert moved[CONTAINERD] == "1.7.24-1"
    assert moved["docker-buildx-plugin"] == "2.0-1"


@pytest.mark.parametrize("there", [OLD, NEWEST])
def test_containerd_moves_with_the_engine_and_the_plugins_stay(there: str) -> None:
    wanted = "26.1" if there == OLD else "20.10"
    moved = versions(Settings(docker_version=wanted), installed(there))
    assert set(moved) == {*ENGINE_PACKAGES, CONTAINERD}


def test_what_is_missing_of_the_engine_comes_at_the_version_that_is_there() -> None:
    host = installed()
    packages = {name: each for name, each in host.packages.items() if name != "docker-ce-cli"}
    assert versions(Settings(), replace(host, packages=packages)) == {"docker-ce-cli": OLD}


@pytest.mark.parametrize("restart", ["when-needed", "never"])
def test_what_dpkg_completes_is_not_installed_anew(restart: str) -> None:
    host = installed(status="iU")
    packages = {name: each for name, each in host.packages.items() if name != "docker-ce-cli"}
    if restart == "never":  # to complete the engine's own package would restart Docker
        packages[ENGINE] = replace(packages[ENGINE], status="ii")
    host = replace(host, packages=packages)
    settings = Settings(docker_restart=restart)
    assert versions(settings, host) == {"docker-ce-cli": OLD}
    first = plan(resolved(settings, host, OFFERS), host)
    assert first.repair
    assert first.engine and set(first.engine.versions) == {"docker-ce-cli"}


def test_an_upgrade_is_never_a_step_back() -> None:
    newer = "5:29.0.0-1~debian.12~bookworm"
    moved = versions(Settings(docker_upgrade=True), installed(newer, containerd="2.0.0-1"))
    assert set(moved) == {"docker-buildx-plugin", "docker-compose-plugin"}


def test_an_older_engine_needs_a_word() -> None:
    host = installed(NEWEST)
    with pytest.raises(RefusedError, match=r"older than the installed 5:26.*allow_downgrade=true"):
        plan(Settings(docker_version="20.10"), host)
    assert plan(Settings(docker_version="20.10", docker_allow_downgrade=True), host).engine


@pytest.mark.parametrize(
    ("offered", "wanted", "said"),
    [
        (NEWEST, "latest", NEWEST),
        (OLD, "latest", None),
        (None, "latest", None),
        (NEWEST, "20.10", None),
    ],
)
def test_a_newer_engine_is_mentioned(offered: str | None, wanted: str, said: str | None) -> None:
    host = replace(installed(), offered=offered)
    assert newer_on_offer(Settings(docker_version=wanted), host) == said
    noted = any(NEWEST in note for note in plan(Settings(docker_version=wanted), host).notes)
    assert noted is (said is not None)


@given(settings_, hosts, st.booleans())
def test_every_version_is_exact_and_the_second_run_finds_nothing(
    settings: Settings, host: Observed, upgrade: bool
) -> None:
    settings = settings.model_copy(update={"docker_upgrade": upgrade})
    try:
        exact = resolved(settings, host, OFFERS)
        planned = plan(exact, host, passwords=PASSWORDS)
    except (NotOfferedError, RefusedError):
        return
    assert "latest" not in (planned.engine.versions.values() if planned.engine else ())
    there = after(exact, host, planned)
    assert plan(exact, there, passwords=PASSWORDS).engine is None


def test_holds_are_lifted_for_our_own_upgrade_and_come_back() -> None:
    host = installed(status="hi")
    host = replace(host, holds=frozenset(host.packages))
    exact = resolved(Settings(docker_version="26.1"), host, OFFERS)
    step = hold_step(exact, host, engine_step(exact, host, new_source=False))
    assert step
    assert set(step.lifted) == set(step.held) == {*ENGINE_PACKAGES, CONTAINERD}
    assert step.changes == ()
    assert set(step.ours) == set(host.packages)


def test_what_the_admin_holds_is_not_moved() -> None:
    host = installed(status="hi")
    with pytest.raises(RefusedError, match="`apt-mark unhold docker-ce docker-ce-cli"):
        plan(Settings(docker_version="26.1"), host)
    assert plan(Settings(), host).engine is None
    engine = {"docker.io": Package("20.10.24+dfsg1", "hi")}
    with pytest.raises(RefusedError, match=r"docker\.io would have to move"):
        plan(Settings(), replace(BARE, packages=engine))


@pytest.mark.parametrize(("ours", "released"), [(True, 6), (False, 0)])
def test_only_our_own_holds_are_taken_off(ours: bool, released: int) -> None:
    host = installed(status="hi")
    host = replace(host, holds=frozenset(host.packages if ours else ()))
    step = hold_step(Settings(docker_hold=False), host, None)
    assert len(step.released if step else ()) == released


def test_a_bare_host_s_packages_are_held_from_the_start() -> None:
    planned = plan(Settings(), BARE)
    assert planned.hold
    assert planned.hold.held == wanted_packages(Settings())


@pytest.mark.parametrize(
    ("argv", "value", "typed"),
    [(["version=20.10"], 20.1, "20.10"), (["-y", "x"], "26.1", "26.1"), (["a=1"], 26.1, "26.1")],
)
def test_a_version_is_taken_as_it_was_typed(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], value: object, typed: str
) -> None:
    monkeypatch.setattr("sys.argv", ["pyinfra", *argv])
    assert as_typed("version", value) == typed
