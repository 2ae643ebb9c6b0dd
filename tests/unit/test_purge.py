"""What a purge takes away: only what is ours, data only when asked for, and nothing twice."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.change import Impact
from rackwright.distro import CONFFILES, DOCKER_PACKAGES
from rackwright.host.error import RefusedError
from rackwright.look.leftovers import Leftovers, Shim, parse_leftovers
from rackwright.look.observed import Engine, Observed, Package, ProbeError
from rackwright.marks import STATE
from rackwright.plan import Plan
from rackwright.purge import CONTAINERD, purge_plan
from rackwright.settings import Settings
from rackwright.steps.purge import (
    DATA,
    DROP_INS,
    TRUST_KEY,
    Words,
    data_root,
    data_to_delete,
    purge_notes,
    words_of,
)
from tests.unit.states import BARE, NEWEST, STOPPED, hosts, settings_

PATHS = (*DATA, *DROP_INS, *CONFFILES, TRUST_KEY, STATE)
ALL = Words(data=True, config=True, stop_containers=True)
words = st.builds(Words, data=st.booleans(), config=st.booleans(), stop_containers=st.booleans())
leftovers = st.builds(
    Leftovers,
    packages=st.dictionaries(
        st.sampled_from(DOCKER_PACKAGES),
        st.builds(Package, st.just(NEWEST), st.sampled_from(["ii", "rc", "hi", "hn", "un", "iF"])),
    ),
    paths=st.frozensets(st.sampled_from([*PATHS, "/data"])),
    data_root_entries=st.frozensets(st.sampled_from(["image", "100000.100000", "photos"])),
    group=st.one_of(st.none(), st.frozensets(st.sampled_from(["alice", "carol"]))),
    credentials=st.dictionaries(st.sampled_from(["root", "alice"]), st.just("/x/config.json")),
)


def planned(settings: Settings, host: Observed, left: Leftovers, said: Words) -> Plan | None:
    """The plan, or None for a host that is refused."""
    try:
        return purge_plan(settings, host, left, said)
    except RefusedError:
        return None


def after(host: Observed, left: Leftovers, plan: Plan) -> tuple[Observed, Leftovers]:
    """The host that a purge leads to, as its tasks promise it: a model, not a host."""
    step = plan.purge
    assert step is not None
    sources = {**host.apt_sources, **step.sources}
    gone = {*step.files, *step.data, *step.credentials.values(), STATE}
    purged = {*step.packages, *step.held}
    group = None if left.group is None or step.group_goes else left.group - set(step.members)
    text = step.daemon_json or host.daemon_json
    later = replace(
        host,
        apt_sources={path: text for path, text in sources.items() if text is not None},
        keyring=None if "/etc/apt/keyrings/docker.asc" in gone else host.keyring,
        trusted_keyrings={k: v for k, v in host.trusted_keyrings.items() if k not in gone},
        daemon_json=None if "/etc/docker/daemon.json" in gone else text,
        packages={k: v for k, v in host.packages.items() if k not in purged},
        owned_keys={},
        drop_ins={},
        restart_pending=None,
        dpkg_interrupted=False,
        unfinished=None,
        rootless_users=frozenset(),
        rootless_ready=frozenset(),
        rootless_containers=(),
        unit=STOPPED,
        engine=None,
    )
    return later, replace(
        left,
        packages={k: v for k, v in left.packages.items() if k not in purged},
        paths=left.paths - gone,
        group=group,
        credentials={k: v for k, v in left.credentials.items() if k not in step.credentials},
    )


@given(settings_, hosts, leftovers, words)
def test_nothing_is_left_to_purge_after_a_purge(
    settings: Settings, host: Observed, left: Leftovers, said: Words
) -> None:
    first = planned(settings, host, left, said)
    if first and first.purge:
        again = purge_plan(settings, *after(host, left, first), said)
        assert again.changes == ()
        assert again.empty


@given(settings_, hosts, leftovers, words)
def test_data_goes_only_when_asked_for_and_where_all_is_docker_s(
    settings: Settings, host: Observed, left: Leftovers, said: Words
) -> None:
    first = planned(settings, host, left, said)
    if first and first.purge:
        assert said.data or not first.purge.data
        assert said.config or not first.purge.credentials
        assert set(first.purge.data) <= {*DATA, data_root(host)}
        assert "photos" not in left.data_root_entries or "/data" not in first.purge.data
        assert not set(first.purge.data) & set(first.purge.files)
        rootless = first.purge.rootless and first.purge.rootless_data
        loses = bool(first.purge.data or rootless)
        assert (first.impact is Impact.DATA_LOSS) == loses


@given(settings_, hosts, leftovers, words)
def test_running_containers_are_named_and_need_the_word(
    settings: Settings, host: Observed, left: Leftovers, said: Words
) -> None:
    first = planned(settings, host, left, said)
    if first and first.purge:
        running = {*(host.engine.containers if host.engine else ()), *host.rootless_containers}
        of_users = {f"{user}/app" for user in host.rootless_users}
        assert set(first.stops) == {name for name in running if "/" not in name or name in of_users}
        assert said.stop_containers or not running


@given(settings_, hosts, leftovers, words)
def test_a_file_that_goes_is_kept_except_credentials(
    settings: Settings, host: Observed, left: Leftovers, said: Words
) -> None:
    first = planned(settings, host, left, said)
    if first and first.purge:
        kept = set(first.replaced_files)
        assert {*first.purge.files, *first.purge.sources} - {TRUST_KEY} <= kept
        assert not kept & {*left.credentials.values(), *DATA, TRUST_KEY, STATE}


def converged(**more: object) -> Observed:
    """A host with Docker on it."""
    packages = {name: Package(NEWEST, "ii") for name in ("docker-ce", "containerd.io")}
    return replace(BARE, packages=packages, engine=Engine("26.1.5"), **more)  # type: ignore[arg-type]


def test_the_containers_that_run_are_named() -> None:
    host = converged()
    host = replace(host, engine=Engine("26.1.5", containers=("web", "db")))
    with pytest.raises(RefusedError, match="the containers web, db run here; stop_containers=true"):
        purge_plan(Settings(), host, Leftovers(), Words(data=True))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"dta": True}, "no word dta; the words are data, config, stop_containers"),
        ({"data": "yes"}, "write data=true, or leave it out"),
    ],
)
def test_words_that_make_no_sense(said: dict[str, bool], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        words_of(said)


@pytest.mark.parametrize(
    ("host", "left", "said", "reason"),
    [
        (replace(BARE, uid=1000), Leftovers(), Words(), "not root"),
        (replace(BARE, engine=Engine("28")), Leftovers(), Words(), "a snap"),
        (
            replace(BARE, packages={"docker.io": Package("20.10", "ii")}),
            Leftovers(),
            ALL,
            "docker.io",
        ),
        (
            replace(BARE, packages={"kubelet": Package("1.30", "ii")}),
            Leftovers(),
            ALL,
            "Kubernetes node",
        ),
        (
            replace(BARE, packages={"containerd": Package("1.7", "ii")}),
            Leftovers(),
            Words(data=True),
            "data under it",
        ),
        (
            BARE,
            Leftovers(shims=(Shim("moby", "0123456789abcdef", CONTAINERD),)),
            ALL,
            "moby/0123456789ab run on containerd",
        ),
        (
            converged(),
            Leftovers(shims=(Shim("default", "redis", CONTAINERD),)),
            ALL,
            "default/redis run on containerd",
        ),
        (
            converged(),
            Leftovers(dependents=("corp-agent",)),
            Words(),
            "remove corp-agent together with Docker's packages; ",
        ),
        (replace(BARE, daemon_json="{"), Leftovers(), Words(), "not valid JSON"),
    ],
)
def test_a_host_that_must_not_be_purged_is_refused(
    host: Observed, left: Leftovers, said: Words, reason: str
) -> None:
    with pytest.raises(RefusedError, match=reason):
        purge_plan(Settings(), host, left, said)


@pytest.mark.parametrize(
    "shim",
    [Shim("k8s.io", "pod", "/run/k3s/containerd/containerd.sock"), Shim("moby", "a", CONTAINERD)],
)
def test_shims_that_are_no_obstacle(shim: Shim) -> None:
    assert purge_plan(Settings(), converged(), Leftovers(shims=(shim,)), Words()).empty


def test_the_group_goes_with_its_last_member() -> None:
    settings = Settings(docker_users=["alice"])
    both = purge_plan(settings, BARE, Leftovers(group=frozenset({"alice", "carol"})), Words())
    assert both.purge and both.purge.members == ("alice",) and not both.purge.group_goes
    alone = purge_plan(settings, BARE, Leftovers(group=frozenset({"alice"})), Words())
    assert alone.purge and alone.purge.group_goes


def test_only_our_keys_leave_daemon_json() -> None:
    keys = {"debug": True, "mtu": 1400}
    host = replace(BARE, daemon_json=json.dumps(keys), owned_keys={"debug": True})
    step = purge_plan(Settings(), host, Leftovers(), Words()).purge
    assert step and step.daemon_json and json.loads(step.daemon_json) == {"mtu": 1400}
    assert "/etc/docker/daemon.json" not in step.files
    all_ours = purge_plan(Settings(), replace(host, owned_keys=keys), Leftovers(), Words()).purge
    assert all_ours and all_ours.files == ("/etc/docker/daemon.json",)
    assert purge_plan(Settings(), replace(host, owned_keys={}), Leftovers(), Words()).empty


def test_configuration_that_goes_with_its_package_is_kept() -> None:
    left = Leftovers(
        packages={"containerd.io": Package("1.7", "rc")},
        paths=frozenset({"/etc/containerd/config.toml"}),
    )
    assert purge_plan(Settings(), BARE, left, Words()).replaced_files == (
        "/etc/containerd/config.toml",
    )


def test_what_stays_is_said() -> None:
    left = Leftovers(
        paths=frozenset({"/var/lib/docker", "/data"}),
        data_root_entries=frozenset({"image", "photos"}),
        group=frozenset({"alice", "carol"}),
        credentials={"root": "/root/.docker/config.json"},
    )
    host = replace(BARE, daemon_json=json.dumps({"data-root": "/data/"}))
    settings = Settings(docker_users=["alice"])
    assert purge_plan(settings, host, left, Words()).notes == (
        "images, containers and volumes stay in /var/lib/docker, /data; data=true deletes them",
        "credentials stay in /root/.docker/config.json; config=true deletes them",
        "group docker stays: carol is in it",
    )
    assert purge_plan(settings, host, left, ALL).notes == (
        "/data stays, for not all in it is certainly Docker's (image, photos)",
        "group docker stays: carol is in it",
    )


@pytest.mark.parametrize(
    ("entries", "dockers"),
    [
        ({"overlay2", "image", "containers", "tmp"}, True),
        ({"engine-id", "buildkit", "lost+found"}, True),
        ({"165536.165536"}, True),
        ({"overlay2", "image", "containers", "2024", "2025"}, False),
        ({"overlay2", "1.2.3"}, False),
        ({"image", "tmp", "lost+found"}, False),
    ],
)
def test_a_folder_is_docker_s_as_a_whole_when_all_in_it_is(
    entries: set[str], dockers: bool
) -> None:
    host = replace(BARE, daemon_json=json.dumps({"data-root": "/mnt/disk"}))
    left = Leftovers(paths=frozenset({"/mnt/disk"}), data_root_entries=frozenset(entries))
    assert data_to_delete(host, left) == (("/mnt/disk",) if dockers else ())
    notes = purge_notes(Settings(), host, left, Words(data=True))
    assert any(note.startswith("/mnt/disk stays") for note in notes) is not dockers


@pytest.mark.parametrize(
    ("keys", "root"),
    [
        ({"data-root": "/data/"}, "/data"),
        ({"data-root": "/"}, ""),
        ({"data-root": "/var/lib/docker/"}, ""),
        ({"data-root": "data"}, ""),
        ({"data-root": 7}, ""),
        ({}, ""),
    ],
)
def test_the_data_root(keys: dict[str, object], root: str) -> None:
    assert data_root(replace(BARE, daemon_json=json.dumps(keys))) == root


@pytest.mark.parametrize("said", [{"data": "yes"}, {"config": 1}, {"stop_containers": None}])
def test_a_word_is_true_or_false(said: dict[str, bool]) -> None:
    with pytest.raises(ValueError, match=r"write .*=true, or leave it out"):
        Words(**said)


def test_the_answer_is_parsed() -> None:
    lines = [
        "Welcome",
        "@@rackwright-begin",
        "package docker-ce hi  5:26.1.5-1",
        "package docker-ce-cli hn  ",
        "dependent corp-agent",
        "path /var/lib/docker",
        "path /my data",
        "data_root_entry lost + found",
        "containers 3",
        "volumes 2",
        "shim moby 0123 /run/containerd/containerd.sock",
        "group docker:x:998:alice,bob",
        "primary carol",
        "credentials alice /home/al ice/.docker/config.json",
        "@@rackwright-end",
    ]
    assert parse_leftovers(lines) == Leftovers(
        packages={"docker-ce": Package("5:26.1.5-1", "hi"), "docker-ce-cli": Package("", "hn")},
        dependents=("corp-agent",),
        paths=frozenset({"/var/lib/docker", "/my data"}),
        data_root_entries=frozenset({"lost + found"}),
        containers=3,
        volumes=2,
        shims=(Shim("moby", "0123", CONTAINERD),),
        group=frozenset({"alice", "bob", "carol"}),
        credentials={"alice": "/home/al ice/.docker/config.json"},
    )
    with pytest.raises(ProbeError, match="broke off"):
        parse_leftovers(lines[:-1])
    with pytest.raises(ProbeError, match="cannot be read"):
        parse_leftovers([line for line in lines if not line.startswith("volumes")])


def test_the_key_of_an_older_engine_goes_with_its_data_and_is_kept_nowhere() -> None:
    left = Leftovers(paths=frozenset({TRUST_KEY, STATE}))
    kept = purge_plan(Settings(), BARE, left, Words()).purge
    assert kept
    assert kept.files == ()
    purge = purge_plan(Settings(), BARE, left, Words(data=True)).purge
    assert purge
    assert (purge.files, purge.replaced_files) == ((TRUST_KEY,), ())
    assert [change.what for change in purge.changes] == [TRUST_KEY, STATE]
