"""Hosts and settings for the tests: made by hand, made by hypothesis, and changed by a plan."""

import json
from dataclasses import replace

from hypothesis import strategies as st
from pydantic import JsonValue

from rackwright.distro import CONFLICTING_PACKAGES
from rackwright.observed import Engine, Observed, Package
from rackwright.plan import Plan
from rackwright.settings import DOCKER_KEY_FINGERPRINT, Settings
from rackwright.steps.engine import ENGINE_PACKAGES, upstream, wanted_packages
from rackwright.steps.repository import SOURCE

NEWEST = "5:26.1.5-1~debian.12~bookworm"
OLD_LIST = (
    "deb [arch=amd64 signed-by=/usr/share/keyrings/docker.gpg] {url}/debian bookworm stable\n"
)
RUNNING = {"LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "active"}
STOPPED = {"LoadState": "not-found", "UnitFileState": "", "ActiveState": "inactive"}

BARE = Observed(
    uid=0,
    through_sudo=True,
    distro="debian",
    release="12",
    codename="bookworm",
    architecture="amd64",
    users=frozenset({"alice", "bob"}),
    unit=STOPPED,
)


def after(settings: Settings, observed: Observed, plan: Plan) -> Observed:
    """The host that the plan leads to, as the tasks promise it: a model, not a host."""
    packages = dict(observed.packages)
    for name in plan.conflicts.packages if plan.conflicts else ():
        del packages[name]
    if plan.repair:
        packages = {name: replace(package, status="ii") for name, package in packages.items()}
    for argument in plan.engine.packages if plan.engine else ():
        packages[argument.partition("=")[0]] = Package(_newest(argument), "ii")
    sources = dict(observed.apt_sources)
    if plan.repository:
        for path, left in plan.repository.others.items():
            del sources[path]
            if left is not None:
                sources[path] = left
        sources[SOURCE] = source_text(settings, observed)
    daemon_json = plan.daemon.content if plan.daemon else observed.daemon_json
    members = (observed.docker_group or frozenset()) | set(plan.users.users if plan.users else ())
    return replace(
        observed,
        packages=packages,
        dpkg_interrupted=False,
        apt_lists_fresh=observed.apt_lists_fresh or plan.engine is not None,
        apt_sources=sources,
        keyring=frozenset({plan.repository.fingerprint}) if plan.repository else observed.keyring,
        daemon_json=daemon_json,
        unfinished=None,
        docker_group=members,
        unit=RUNNING,
        engine=_engine(packages, daemon_json, observed, plan),
    )


def source_text(settings: Settings, observed: Observed) -> str:
    """docker.sources as apt would read it from a converged host."""
    return (
        f"Types: deb\nURIs: {settings.docker_repo_url}/{observed.distro}\n"
        f"Suites: {observed.codename}\nComponents: {settings.docker_channel}\n"
        f"Architectures: {observed.architecture}\nSigned-By: /etc/apt/keyrings/docker.asc\n"
    )


def _newest(argument: str) -> str:
    name, _, version = argument.partition("=")
    if name not in ENGINE_PACKAGES or not version:
        return NEWEST
    if not version.endswith("*"):
        return version
    # What apt finds for "5:26.1.*" and for "5:26.1.5*".
    return version.removesuffix("*").removesuffix(".") + (
        ".9" if "." not in version[-2] else ".9-1~x"
    )


def _engine(
    packages: dict[str, Package], text: str | None, observed: Observed, plan: Plan
) -> Engine:
    stays = "docker-ce" in observed.packages and not (
        plan.conflicts and plan.conflicts.stops_engine
    )
    action = plan.service.action if plan.service else None
    if stays and observed.engine and action not in ("reload", "restart"):
        return observed.engine
    keys = json.loads(text) if text and text.strip() else {}
    return Engine(
        version=observed.engine.version
        if stays and observed.engine and action == "reload"
        else upstream(packages["docker-ce"].version),
        registry_mirrors=tuple(f"{url}/" for url in keys.get("registry-mirrors", ())),
        insecure_registries=(*keys.get("insecure-registries", ()), "127.0.0.0/8"),
        live_restore=keys.get("live-restore", False),
        containers=observed.engine.containers if observed.engine else (),
    )


json_values: st.SearchStrategy[JsonValue] = st.one_of(
    st.booleans(), st.integers(0, 9), st.text("ab", max_size=3), st.just(["x"])
)
mirrors: st.SearchStrategy[list[str]] = st.lists(
    st.sampled_from(["https://m1.example", "http://m2.example:5000"]), unique=True
)

settings_ = st.builds(
    Settings,
    docker_version=st.sampled_from(["latest", "26", "26.1", "26.1.5", "28.0", NEWEST]),
    docker_channel=st.sampled_from(["stable", "test"]),
    docker_repo_url=st.sampled_from(["https://download.docker.com/linux", "http://m.example/d"]),
    docker_plugins=st.lists(st.sampled_from(["buildx", "compose"]), unique=True),
    docker_registry_mirrors=st.one_of(st.none(), mirrors),
    docker_insecure_registries=st.lists(
        st.sampled_from(["registry.example:5000", "10.0.0.0/8"]), unique=True
    ),
    docker_users=st.lists(st.sampled_from(["alice", "bob"]), unique=True),
    docker_daemon=st.dictionaries(
        st.sampled_from(["debug", "data-root", "labels", "live-restore"]), json_values, max_size=3
    ),
    docker_verify=st.sampled_from(["changed", "never"]),
)

_versions = st.sampled_from(["5:20.10.24-1~debian.12~bookworm", NEWEST])
_statuses = st.sampled_from(["ii", "ii", "ii", "iU", "iF", "hi"])
_packages = st.dictionaries(
    st.sampled_from((*wanted_packages(Settings()), *CONFLICTING_PACKAGES)),
    st.builds(Package, _versions, _statuses),
)
_sources = st.dictionaries(
    st.sampled_from([SOURCE.removesuffix("sources") + "list", "/etc/apt/sources.list"]),
    st.sampled_from(
        [
            OLD_LIST.format(url="https://download.docker.com/linux"),
            OLD_LIST.format(url="https://mirror.example/docker-ce/linux"),
            "deb http://archive.example/debian bookworm main\n",
            "deb http://archive.example/debian bookworm main\n"
            + OLD_LIST.format(url="http://m.example/d"),
        ]
    ),
)
_engines = st.builds(
    Engine,
    version=st.sampled_from(["20.10.24", "26.1.5"]),
    registry_mirrors=mirrors.map(tuple),
    insecure_registries=st.just(("127.0.0.0/8",)),
    live_restore=st.booleans(),
    containers=st.lists(st.sampled_from(["web", "db"]), unique=True).map(tuple),
)

hosts = st.builds(
    Observed,
    uid=st.just(0),
    through_sudo=st.booleans(),
    distro=st.sampled_from(["debian", "ubuntu"]),
    release=st.sampled_from(["24.04", "26.04"]),
    codename=st.sampled_from(["bookworm", "noble"]),
    architecture=st.sampled_from(["amd64", "arm64"]),
    packages=_packages,
    dpkg_interrupted=st.booleans(),
    apt_lists_fresh=st.booleans(),
    apt_sources=_sources,
    keyring=st.sampled_from(
        [frozenset(), frozenset({DOCKER_KEY_FINGERPRINT}), frozenset({"0" * 40})]
    ),
    daemon_json=st.one_of(
        st.none(),
        st.sampled_from(["", "{}"]),
        st.dictionaries(st.sampled_from(["debug", "owner", "dns"]), json_values).map(json.dumps),
    ),
    unfinished=st.sampled_from([None, None, "start", "reload", "restart", "verify"]),
    docker_group=st.one_of(st.none(), st.frozensets(st.sampled_from(["alice", "carol"]))),
    users=st.just(frozenset({"alice", "bob"})),
    unit=st.sampled_from([RUNNING, STOPPED]),
    engine=st.one_of(st.none(), _engines),
)
