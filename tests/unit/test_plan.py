"""The plan as a whole: properties that hold for every host and every settings."""

import json
from dataclasses import replace

import pytest
from hypothesis import given

from rackwright.change import Impact
from rackwright.observed import Engine, Observed, Package
from rackwright.plan import Plan, RefusedError, plan
from rackwright.settings import Settings
from tests.unit.states import BARE, NEWEST, RUNNING, after, hosts, settings_


def planned(settings: Settings, observed: Observed) -> Plan | None:
    """The plan, or None for a host that is refused."""
    try:
        return plan(settings, observed)
    except RefusedError:
        return None


@given(settings_, hosts)
def test_the_state_that_a_plan_leads_to_needs_no_plan(settings: Settings, host: Observed) -> None:
    first = planned(settings, host)
    if first is not None:
        assert plan(settings, after(settings, host, first)).changes == ()


@given(settings_, hosts)
def test_keys_of_the_admin_stay_in_daemon_json(settings: Settings, host: Observed) -> None:
    first = planned(settings, host)
    if first is None or first.daemon is None:
        return
    before = json.loads(host.daemon_json or "{}")
    written = json.loads(first.daemon.content)
    assert {**before, **settings.daemon_keys} == written


@given(settings_, hosts)
def test_a_file_that_is_replaced_is_named_for_the_backup(
    settings: Settings, host: Observed
) -> None:
    first = planned(settings, host)
    if first is None:
        return
    later = after(settings, host, first)
    lost = {path for path, text in host.apt_sources.items() if later.apt_sources.get(path) != text}
    if host.daemon_json is not None and later.daemon_json != host.daemon_json:
        lost.add("/etc/docker/daemon.json")
    if host.keyring and later.keyring != host.keyring:
        lost.add("/etc/apt/keyrings/docker.asc")
    assert lost <= set(first.replaced_files)


@given(settings_, hosts)
def test_containers_stop_only_where_a_restart_is_announced(
    settings: Settings, host: Observed
) -> None:
    first = planned(settings, host)
    if first and first.stops:
        assert first.impact >= Impact.RESTART
        assert host.engine is not None
        assert set(first.stops) <= set(host.engine.containers)


def test_a_bare_host_gets_everything_and_no_restart() -> None:
    first = plan(Settings(docker_users=["alice"]), BARE)
    assert [change.task for change in first.changes] == (
        ["repository"] * 2 + ["engine"] * 5 + ["service", "users"]
    )
    assert first.service and first.service.action == "start"
    assert first.hello_world
    assert first.impact is Impact.NONE


def converged(settings: Settings) -> Observed:
    """A host on which these settings are in force."""
    return after(settings, BARE, plan(settings, BARE))


@pytest.mark.parametrize("verify", ["changed", "never"])
def test_a_converged_host_needs_nothing(verify: str) -> None:
    settings = Settings(docker_verify=verify)
    assert plan(settings, converged(settings)).empty


def test_verification_on_request_is_no_change() -> None:
    on_request = plan(Settings(docker_verify="always"), converged(Settings()))
    assert on_request.hello_world
    assert on_request.changes == ()
    assert not on_request.empty


def test_a_run_that_died_is_taken_up_again() -> None:
    host = replace(converged(Settings()), unfinished="verify")
    again = plan(Settings(), host)
    assert again.changes == ()
    assert again.hello_world
    host = replace(host, unfinished="restart")
    service = plan(Settings(), host).service
    assert service and service.action == "restart"


def test_mirrors_alone_are_reloaded_and_stop_nothing() -> None:
    host = converged(Settings())
    assert host.engine is not None
    host = replace(host, engine=replace(host.engine, containers=("training",)))
    mirrored = plan(Settings(docker_registry_mirrors=["https://m.example"]), host)
    assert mirrored.service and mirrored.service.action == "reload"
    assert mirrored.impact is Impact.RELOAD
    assert mirrored.stops == ()


@pytest.mark.parametrize(("live_restore", "stops"), [(False, ("training",)), (True, ())])
def test_a_restart_names_what_it_stops(live_restore: bool, stops: tuple[str, ...]) -> None:
    host = replace(
        converged(Settings()),
        engine=Engine("26.1.5", containers=("training",), live_restore=live_restore),
    )
    moved = plan(Settings(docker_daemon={"data-root": "/data"}), host)
    assert moved.service and moved.service.action == "restart"
    assert moved.stops == stops


def test_an_installed_engine_that_does_not_run_yet_is_restarted() -> None:
    host = replace(converged(Settings()), engine=Engine("20.10.24"))
    service = plan(Settings(), host).service
    assert service and service.action == "restart"
    assert "26.1.5 is installed, 20.10.24 still runs" in service.changes[0].reason


def test_a_file_in_place_that_is_not_in_force_is_reloaded() -> None:
    settings = Settings(docker_registry_mirrors=["https://m.example"])
    host = converged(settings)
    assert host.engine is not None
    host = replace(host, engine=replace(host.engine, registry_mirrors=()))
    service = plan(settings, host).service
    assert service and service.action == "reload"


def test_a_stopped_engine_is_started() -> None:
    host = replace(converged(Settings()), engine=None)
    service = plan(Settings(), host).service
    assert service and service.action == "start"


def test_conflicting_packages_go_with_the_containers_that_stop() -> None:
    host = replace(
        BARE,
        packages={"docker.io": Package("20.10.24", "ii"), "runc": Package("1.1", "ii")},
        engine=Engine("20.10.24", containers=("old-app",)),
        unit=RUNNING,
    )
    first = plan(Settings(), host)
    assert first.conflicts and set(first.conflicts.packages) == {"docker.io", "runc"}
    assert first.stops == ("old-app",)
    assert first.service and first.service.action == "start"


def test_a_package_in_the_way_does_not_hold_back_the_restart_of_an_engine_that_stays() -> None:
    host = converged(Settings())
    host = replace(host, packages={**host.packages, "docker-doc": Package("20.10", "ii")})
    moved = plan(Settings(docker_daemon={"log-driver": "local"}), host)
    assert moved.conflicts and not moved.conflicts.stops_engine
    assert moved.service and moved.service.action == "restart"


def test_what_the_settings_leave_to_the_admin_is_not_judged() -> None:
    host = converged(Settings())
    assert host.engine is not None
    flags = replace(host.engine, registry_mirrors=("https://by-flag.example/",))
    assert plan(Settings(), replace(host, engine=flags)).empty
    scheme = replace(host, daemon_json='{"insecure-registries": ["http://r:5000"]}')
    assert plan(Settings(), scheme).empty


def test_mirrors_can_be_taken_away() -> None:
    host = converged(Settings(docker_registry_mirrors=["https://dead.example"]))
    emptied = plan(Settings(docker_registry_mirrors=[]), host)
    assert emptied.daemon and json.loads(emptied.daemon.content) == {"registry-mirrors": []}
    assert emptied.service and emptied.service.action == "reload"


def test_an_engine_of_unknown_origin_is_left_alone() -> None:
    with pytest.raises(RefusedError, match="a snap"):
        plan(Settings(), replace(BARE, engine=Engine("28.0.1")))


def test_a_kubernetes_node_on_the_distribution_s_containerd_is_refused() -> None:
    kubelet = {"kubelet": Package("1.30", "ii"), "containerd": Package("1.7", "ii")}
    with pytest.raises(RefusedError, match="Kubernetes node"):
        plan(Settings(), replace(BARE, packages=kubelet))


@pytest.mark.parametrize(
    "host",
    [
        replace(BARE, dpkg_interrupted=True),
        replace(BARE, packages={"man-db": Package("2.11", "it")}),
        replace(BARE, packages={"docker-ce": Package(NEWEST, "iF")}),
    ],
)
def test_an_interrupted_dpkg_is_completed_before_anything_else(host: Observed) -> None:
    assert plan(Settings(), host).changes[0].task == "repair"


@pytest.mark.parametrize(
    ("host", "settings", "words"),
    [
        (replace(BARE, uid=1000), Settings(), "not root"),
        (replace(BARE, distro="fedora", release="42"), Settings(), "fedora 42 is not supported"),
        (replace(BARE, release="10"), Settings(), "debian 10 is not supported"),
        (replace(BARE, distro="ubuntu", release="20.04"), Settings(), "ubuntu 20.04 is not"),
        (replace(BARE, codename=""), Settings(), "not supported"),
        (replace(BARE, unit={}), Settings(), "systemd"),
        (BARE, Settings(docker_users=["alice", "zoe", "yan"]), "zoe, yan, who do not exist"),
        (replace(BARE, daemon_json="{"), Settings(), "line 1"),
        (replace(BARE, daemon_json="[]"), Settings(), "not a JSON object"),
        (
            replace(BARE, packages={"docker-ce": Package(NEWEST, "ii")}),
            Settings(docker_version="20.10"),
            "older than the installed",
        ),
    ],
)
def test_a_host_that_must_not_be_touched_is_refused(
    host: Observed, settings: Settings, words: str
) -> None:
    with pytest.raises(RefusedError, match=words):
        plan(settings, host)
