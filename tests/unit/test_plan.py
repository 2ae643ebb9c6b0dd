"""The plan as a whole: properties that hold for every host and every settings."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given

from rackwright.change import Impact
from rackwright.guard import blocked
from rackwright.host.error import RefusedError
from rackwright.look.mirrors import ProbedMirrors
from rackwright.look.observed import Engine, Observed, Package
from rackwright.packages.apt_sources import definitions
from rackwright.packages.docker_sources import find
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.settings import Settings
from rackwright.steps.mirrors import needs_probe
from tests.unit.states import BARE, NEWEST, PASSWORDS, RUNNING, after, found, hosts, settings_

OLD = Package("20.10.24", "ii")
DOWN = {**RUNNING, "ActiveState": "failed"}


def planned(
    settings: Settings, observed: Observed, mirrors: ProbedMirrors | None = None
) -> Plan | None:
    """The plan, or None for a host that is refused. `mirrors` are tried out where it is needed."""
    if mirrors and needs_probe(settings, observed):
        answers = {url: mirrors.answers[url] for url in settings.docker_registry_mirrors or ()}
        mirrors = replace(mirrors, answers=answers)
    else:
        mirrors = None
    try:
        return plan(settings, observed, mirrors, PASSWORDS)
    except RefusedError:
        return None


@given(settings_, hosts, found)
def test_the_state_that_a_plan_leads_to_needs_no_plan(
    settings: Settings, host: Observed, mirrors: ProbedMirrors
) -> None:
    first = planned(settings, host, mirrors)
    if first is not None:
        later = after(settings, host, first)
        assert not needs_probe(settings, later)
        second = plan(settings, later, passwords=PASSWORDS)
        assert second.changes == ()
        # No task is asked to carry out an empty plan: tasks/converge.py.
        assert (
            not second.empty
            or [
                field.name
                for field in fields(second)
                if "Step" in str(field.type) and getattr(second, field.name) is not None
            ]
            == []
        )


@given(settings_.map(lambda each: each.model_copy(update={"docker_mirror_probe": False})), hosts)
def test_keys_of_the_admin_stay_in_daemon_json(settings: Settings, host: Observed) -> None:
    first = planned(settings, host)
    if first is None or first.daemon is None:
        return
    before = json.loads(host.daemon_json or "{}")
    written = json.loads(first.daemon.content)
    theirs = {key: value for key, value in before.items() if key not in host.owned_keys}
    asked = {*settings.daemon_keys}
    assert {key: written.get(key) for key in theirs if key not in asked} == {
        key: value for key, value in theirs.items() if key not in asked
    }
    assert {key: written[key] for key in asked} == settings.daemon_keys


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
    if host.keyring is not None and later.keyring != host.keyring:
        lost.add("/etc/apt/keyrings/docker.asc")
    lost |= host.trusted_keyrings.keys() - later.trusted_keyrings.keys()
    assert lost <= set(first.replaced_files)


@given(settings_, hosts)
def test_sources_of_others_stay_and_one_of_docker_is_left(
    settings: Settings, host: Observed
) -> None:
    first = planned(settings, host)
    if first is None:
        return
    later = after(settings, host, first).apt_sources
    for path, text in host.apt_sources.items():
        docker = find({path: text}, settings).get(path, [])
        foreign = [each for each in definitions(path, text) if each not in docker]
        assert [
            each for each in definitions(path, later.get(path, "")) if each in foreign
        ] == foreign
    assert [len(found) for found in find(later, settings).values()] == [1]


@given(settings_, hosts)
def test_containers_stop_only_where_a_restart_is_announced(
    settings: Settings, host: Observed
) -> None:
    first = planned(settings, host)
    if first and first.stops:
        assert first.impact >= Impact.RESTART
        running = host.engine.containers if host.engine else ()
        assert set(first.stops) <= {*running, *host.rootless_containers}


def test_a_bare_host_gets_everything_and_no_restart() -> None:
    first = plan(Settings(docker_users=["alice"]), BARE)
    assert [change.task for change in first.changes] == (
        ["repository"] * 2 + ["daemon"] * 2 + ["engine"] * 6 + ["hold", "service", "users"]
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
    host = replace(host, restart_pending=frozenset())
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


TRAINING = Engine("26.1.5", containers=("training",), live_restore=True)


@pytest.mark.parametrize(
    ("settings", "engine", "why"),
    [
        ({}, TRAINING, ""),
        ({"docker_live_restore": False}, TRAINING, "live-restore is off"),
        ({"docker_daemon": {"bip": "10.1.0.1/24"}}, TRAINING, "over a change of bip"),
        ({}, replace(TRAINING, swarm=True, live_restore=False), "a node of a swarm"),
        # It is switched on by a reload before the restart.
        ({}, replace(TRAINING, live_restore=False), ""),
    ],
)
def test_a_restart_stops_what_live_restore_does_not_keep(
    settings: dict[str, Any], engine: Engine, why: str
) -> None:
    keys = {"log-driver": "local", **settings.get("docker_daemon", {})}
    wanted = Settings(**{**settings, "docker_daemon": keys})
    moved = plan(wanted, replace(converged(Settings()), engine=engine))
    assert moved.service and moved.service.action == "restart"
    assert why in moved.service.uncovered
    assert moved.stops == (("training",) if why else ())
    assert moved.service.reloads_first is (not why and not engine.live_restore)
    reason = blocked(wanted, moved)
    assert (reason is not None) is bool(why)
    if reason:
        assert "stop the running container training: " in reason
        assert why in reason
        assert "--data docker_allow_container_stop=true" in reason
    allowed = wanted.model_copy(update={"docker_allow_container_stop": True})
    assert blocked(allowed, moved) is None


def test_where_docker_must_not_be_restarted_the_restart_is_pending() -> None:
    wanted = {
        "docker_restart": "never",
        "docker_mirror_probe": False,
        "docker_registry_mirrors": ["https://m.example"],
    }
    settings = Settings(**wanted, docker_daemon={"log-driver": "local"})
    host = converged(Settings())
    first = plan(settings, host)
    assert first.service and first.service.action == "reload"
    later = after(settings, host, first)
    second = plan(settings, later)
    assert second.empty
    assert second.notes == (
        "a restart of Docker is pending (its configuration is newer than the daemon that runs), "
        "and docker_restart is never",
    )
    allowed = settings.model_copy(update={"docker_restart": "when-needed"})
    service = plan(allowed, later).service
    assert service and service.action == "restart"


def test_a_pending_key_stops_containers_as_it_would_have_at_once() -> None:
    settings = Settings(docker_restart="never", docker_daemon={"bip": "10.1.0.1/24"})
    host = converged(Settings())
    later = after(settings, host, plan(settings, host))
    later = replace(later, engine=TRAINING)
    assert plan(settings, later).service is None
    allowed = settings.model_copy(update={"docker_restart": "when-needed"})
    assert "over a change of bip" in (blocked(allowed, plan(allowed, later)) or "")


def test_where_docker_must_not_be_restarted_its_packages_stay() -> None:
    host = converged(Settings(docker_version="20.10.24"))
    held = plan(Settings(docker_restart="never", docker_version="26.1"), host)
    assert held.engine is None
    assert "docker-ce stays at 20.10.24" in held.notes[0]


def test_a_missing_plugin_comes_also_where_docker_must_not_be_restarted() -> None:
    host = converged(Settings(docker_version="20.10.24"))
    packages = {name: host.packages[name] for name in host.packages if "compose" not in name}
    never = Settings(docker_restart="never", docker_version="26.1")
    step = plan(never, replace(host, packages=packages)).engine
    assert step and step.packages == ("docker-compose-plugin",)
    assert [change.what for change in step.changes] == ["docker-compose-plugin"]
    assert not step.replaces_running


def test_a_key_that_nobody_asks_for_any_more_goes_and_only_if_it_is_ours() -> None:
    asked = {"debug": True, "shutdown-timeout": 30, "labels": ["a=b"]}
    host = converged(Settings(docker_daemon=asked))
    # The admin has changed one of them since, and added one.
    changed = {**json.loads(host.daemon_json or ""), "labels": ["owner=me"], "mtu": 1400}
    gone = plan(Settings(), replace(host, daemon_json=json.dumps(changed))).daemon
    assert gone is not None
    defaults = Settings().daemon_defaults
    # A reload would keep `debug` when the key is gone; the timeout falls back by itself.
    written = {"debug": False, "labels": ["owner=me"], "mtu": 1400, **defaults}
    assert json.loads(gone.content) == written
    assert json.loads(gone.owned) == {"debug": False, **defaults}


def test_defaults_give_way_to_the_admin_and_settings_do_not() -> None:
    host = replace(BARE, daemon_json='{"live-restore": false, "log-driver": "journald"}')
    assert plan(Settings(), host).daemon is None
    step = plan(Settings(docker_live_restore=True), host).daemon
    assert step and json.loads(step.content) == {"live-restore": True, "log-driver": "journald"}


def test_what_a_new_data_root_would_leave_behind_is_said() -> None:
    host = converged(Settings())
    assert host.engine is not None
    full = replace(host, engine=replace(host.engine, holds="2 containers and 3 images"))
    moved = Settings(docker_data_root="/data/docker")
    with pytest.raises(RefusedError, match="2 containers and 3 images would stay behind in /var"):
        plan(moved, full)
    step = plan(moved, host)
    assert step.unit and "--root /data/docker/containerd" in str(step.unit.files)
    assert step.service and step.service.action == "restart"
    assert plan(moved.model_copy(update={"docker_allow_data_root_change": True}), full).unit
    back = replace(
        converged(moved), engine=replace(host.engine, data_root="/data/docker", holds="1 image")
    )
    with pytest.raises(RefusedError, match="unseen from /var/lib/docker"):
        plan(Settings(), back)
    stopped = replace(converged(moved), engine=None, unit=DOWN)
    with pytest.raises(RefusedError, match="what would stay behind in /data/docker is not known"):
        plan(Settings(), stopped)
    assert plan(moved, stopped).service
    # A data-root of the admin's own is no business of ours.
    theirs = replace(full, daemon_json='{"data-root": "/srv"}', owned_keys={})
    assert plan(Settings(), replace(theirs, engine=None, unit=DOWN)).service


def test_images_in_containerd_are_not_left_behind_where_docker_s_root_stays() -> None:
    host = converged(Settings())
    assert host.engine is not None
    theirs = replace(
        host,
        daemon_json='{"data-root": "/srv"}',
        engine=replace(host.engine, data_root="/srv", holds="3 images", containers=("web",)),
    )
    moved = Settings(docker_data_root="/srv")
    step = plan(moved, theirs)
    assert step.service and step.stops == ("web",)
    assert "containerd gets another root" in step.service.uncovered
    assert theirs.engine is not None
    inside = replace(theirs, engine=replace(theirs.engine, images_in_containerd=True))
    with pytest.raises(RefusedError, match="in /var/lib/containerd, unseen from /srv/containerd;"):
        plan(moved, inside)
    back = replace(converged(moved), engine=inside.engine, owned_keys={})
    with pytest.raises(RefusedError, match="in /srv/containerd, unseen from /var/lib/containerd;"):
        plan(Settings(), back)


def test_the_unit_gets_what_daemon_json_has_no_place_for() -> None:
    settings = Settings(
        docker_http_proxy="http://p.example:3128/%41",
        docker_no_proxy=["10.0.0.0/8", ".example.org"],
        docker_daemon={"hosts": ["fd://"]},
    )
    unit = plan(settings, BARE).unit
    assert unit and unit.files == {
        "/etc/systemd/system/docker.service.d/rackwright.conf": (
            "# Written by Rackwright, which overwrites it.\n[Service]\n"
            'Environment="HTTP_PROXY=http://p.example:3128/%%41"\n'
            'Environment="HTTPS_PROXY=http://p.example:3128/%%41"\n'
            'Environment="NO_PROXY=10.0.0.0/8,.example.org"\n'
            "ExecStart=\nExecStart=/usr/bin/dockerd --containerd=/run/containerd/containerd.sock\n"
        )
    }
    gone = plan(Settings(), converged(settings))
    assert gone.unit and set(gone.unit.files.values()) == {None}
    assert gone.service and gone.service.action == "restart"


def test_an_installed_engine_that_does_not_run_yet_is_restarted() -> None:
    host = replace(converged(Settings()), engine=Engine("20.10.24", live_restore=True))
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
    host = replace(converged(Settings()), engine=None, unit=DOWN)
    service = plan(Settings(), host).service
    assert service and service.action == "start"


@pytest.mark.parametrize("packages", [{"docker-ce": Package(NEWEST, "ii")}, {"docker.io": OLD}])
def test_an_engine_that_runs_and_does_not_answer_needs_an_explicit_word(
    packages: dict[str, Package],
) -> None:
    host = replace(converged(Settings()), engine=None, packages=packages, unit=RUNNING)
    with pytest.raises(RefusedError, match=r"does not answer.*set docker_allow_container_stop"):
        plan(Settings(), host)
    for allowed in (False, True):
        never = Settings(docker_restart="never", docker_allow_container_stop=allowed)
        with pytest.raises(RefusedError, match=r"does not answer.*or restart Docker there$"):
            plan(never, host)
    starting = {**RUNNING, "ActiveState": "activating", "SubState": "start-pre"}
    with pytest.raises(RefusedError, match=r"is activating, but Docker does not answer"):
        plan(Settings(), replace(host, unit=starting))
    again = {**starting, "SubState": "auto-restart"}  # it ended by itself
    assert plan(Settings(), replace(host, unit=again)).service
    service = plan(Settings(docker_allow_container_stop=True), host).service
    assert service and service.action == ("restart" if "docker-ce" in packages else "start")
    assert plan(Settings(), replace(host, unit=DOWN)).service


def test_where_nothing_ran_and_docker_stops_that_must_still_be_so() -> None:
    host = converged(Settings())
    assert host.engine is not None
    restarts = {"docker_daemon": {"log-driver": "local"}}
    assert plan(Settings(**restarts), host).idle
    assert not plan(Settings(**restarts, docker_allow_container_stop=True), host).idle
    assert not plan(Settings(docker_daemon={"debug": True}), host).idle
    running = replace(host, engine=replace(host.engine, containers=("web",)))
    assert not plan(Settings(**restarts), running).idle


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


def test_a_package_that_would_go_with_those_in_the_way_is_a_reason_to_refuse() -> None:
    host = replace(BARE, packages={"docker.io": Package("20.10.24", "ii")})
    assert plan(Settings(), host).conflicts
    with pytest.raises(RefusedError, match="remove corp-agent, site-tool together with docker"):
        plan(Settings(), replace(host, dependents=("corp-agent", "site-tool")))


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
    keys = {**json.loads(host.daemon_json or ""), "insecure-registries": ["http://r:5000"]}
    assert plan(Settings(), replace(host, daemon_json=json.dumps(keys))).empty


def test_mirrors_can_be_taken_away() -> None:
    host = converged(Settings(docker_registry_mirrors=["https://dead.example"]))
    emptied = plan(Settings(docker_registry_mirrors=[]), host)
    assert emptied.daemon and json.loads(emptied.daemon.content)["registry-mirrors"] == []
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


def test_an_engine_that_dpkg_left_half_way_is_restarted_by_that_alone() -> None:
    half = {**converged(Settings()).packages, "docker-ce": Package(NEWEST, "hF")}
    engine = Engine("26.1.5", containers=("web",))
    host = replace(converged(Settings()), packages=half, engine=engine)
    first = plan(Settings(), host)
    assert first.repair and first.repair.changes[0].stops == ("web",)
    assert "dpkg has to complete docker-ce" in (blocked(Settings(), first) or "")
    kept = plan(Settings(), replace(host, engine=replace(engine, live_restore=True)))
    assert not kept.stops
    with pytest.raises(RefusedError, match="docker_restart is never; set it to when-needed"):
        plan(Settings(docker_restart="never"), host)


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
