"""Hosts and settings for the tests: made by hand, made by hypothesis, and changed by a plan."""

import json
from dataclasses import replace

from hypothesis import strategies as st
from pydantic import JsonValue, SecretStr

from rackwright.change import Impact
from rackwright.distro import CONFLICTING_PACKAGES
from rackwright.laptop.passwords import Passwords
from rackwright.look.cache_seen import SERVICES, CacheSeen
from rackwright.look.mirrors import Live, ProbedMirrors
from rackwright.look.observed import Engine, Observed, Package
from rackwright.packages.docker_sources import SOURCE, docker_uri
from rackwright.plan import Plan
from rackwright.settings import Settings
from rackwright.settings.logins import Login
from rackwright.settings.packages import DOCKER_KEY_FINGERPRINT
from rackwright.steps.engine import upstream, wanted_packages
from rackwright.steps.logins import Memory as Logins
from rackwright.steps.logins import Remembered, config_key
from rackwright.steps.mirrors import Asked, Memory
from rackwright.steps.unit import DOCKER_DROP_IN

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
        packages = {
            name: replace(package, status=f"{package.status[0]}i")
            for name, package in packages.items()
        }
    for name, version in plan.engine.versions.items() if plan.engine else ():
        packages[name] = Package(_newest(version), "ii")
    for name in packages.keys() & set(plan.hold.released if plan.hold else ()):
        packages[name] = replace(packages[name], status="ii")
    for name in packages.keys() & set(plan.hold.held if plan.hold else ()):
        packages[name] = replace(packages[name], status="hi")
    sources = dict(observed.apt_sources)
    trusted = dict(observed.trusted_keyrings)
    if plan.repository:
        for path, left in plan.repository.others.items():
            del sources[path]
            if left is not None:
                sources[path] = left
        sources[SOURCE] = f"{source_text(settings, observed)}\n\n{plan.repository.rest}"
        for path in plan.repository.distrusted:
            del trusted[path]
    mirrors_json = plan.mirrors.content if plan.mirrors else observed.mirrors_json
    logins_json = plan.logins.after if plan.logins else observed.logins_json
    logins = set(observed.logins)
    for out in plan.logins.logouts if plan.logins else ():
        logins.discard((out.user, config_key(out.registry)))
    for each in plan.logins.logins if plan.logins else ():
        logins.add((each.user, config_key(each.registry)))
    files = dict(observed.cache.files)
    for step in (plan.cache, plan.apt_cache):
        files |= step.files if step else {}
    for path in (*(plan.apt_cache.gone if plan.apt_cache else ()), *_gone(plan)):
        del files[path]
    for name in plan.cache.packages if plan.cache else ():
        packages[name] = Package("1", "ii")
    for name in plan.cache_gone.packages if plan.cache_gone else ():
        del packages[name]
    running = SERVICES if plan.cache else () if plan.cache_gone else observed.cache.running
    daemon_json = plan.daemon.content if plan.daemon else observed.daemon_json
    members = (observed.docker_group or frozenset()) | set(plan.users.users if plan.users else ())
    return replace(
        observed,
        packages=packages,
        holds=frozenset(plan.hold.ours) if plan.hold else observed.holds,
        dpkg_interrupted=False,
        apt_lists_fresh=observed.apt_lists_fresh or plan.engine is not None,
        apt_sources=sources,
        keyring=frozenset({plan.repository.wanted.fingerprint})
        if plan.repository
        else observed.keyring,
        trusted_keyrings=trusted,
        daemon_json=daemon_json,
        mirrors_json=mirrors_json,
        cache=CacheSeen(files, frozenset(running)),
        owned_keys=json.loads(plan.daemon.owned) if plan.daemon else observed.owned_keys,
        drop_ins=_drop_ins(observed, plan),
        restart_pending=_restart_pending(observed, plan),
        logins_json=logins_json,
        logins=frozenset(logins),
        unfinished=None,
        docker_group=members,
        rootless_users=frozenset(settings.docker_rootless_users),
        rootless_ready=frozenset(settings.docker_rootless_users),
        rootless_containers=(),
        unit=RUNNING,
        engine=_engine(packages, daemon_json, observed, plan),
    )


def _gone(plan: Plan) -> tuple[str, ...]:
    return plan.cache_gone.files if plan.cache_gone else ()


def source_text(settings: Settings, observed: Observed) -> str:
    """docker.sources as apt would read it from a converged host."""
    return (
        f"Types: deb\nURIs: {docker_uri(settings, observed.distro)}\n"
        f"Suites: {observed.codename}\nComponents: {settings.docker_channel}\n"
        f"Architectures: {observed.architecture}\nSigned-By: /etc/apt/keyrings/docker.asc\n"
    )


def _newest(wanted: str) -> str:
    """A Debian version that apt may find for what is wanted."""
    if wanted == "latest":
        return NEWEST
    return f"5:{wanted}.9-1~x" if wanted.replace(".", "").isdigit() else wanted


def _drop_ins(observed: Observed, plan: Plan) -> dict[str, str]:
    files = {**observed.drop_ins, **(plan.unit.files if plan.unit else {})}
    return {path: text for path, text in files.items() if text is not None}


def _restart_pending(observed: Observed, plan: Plan) -> frozenset[str] | None:
    restarts = plan.service is not None and plan.service.action != "reload"
    if observed.engine is None or restarts:
        return None
    earlier, unit = observed.restart_pending, frozenset[str]() if plan.unit else None
    daemon = plan.daemon.keys if plan.daemon and plan.daemon.impact is Impact.RESTART else None
    marks = [keys for keys in (earlier, unit, daemon) if keys is not None]
    return frozenset[str]().union(*marks) if marks else None


def _engine(
    packages: dict[str, Package], text: str | None, observed: Observed, plan: Plan
) -> Engine:
    stays = "docker-ce" in observed.packages and not (
        plan.conflicts and plan.conflicts.stops_engine
    )
    action = plan.service.action if plan.service else None
    running = observed.engine if stays else None
    if running and action not in ("reload", "restart"):
        return running
    keys = json.loads(text) if text and text.strip() else {}
    reloaded = Engine(
        version=upstream(packages["docker-ce"].version),
        registry_mirrors=tuple(f"{url}/" for url in keys.get("registry-mirrors", ())),
        insecure_registries=(*keys.get("insecure-registries", ()), "127.0.0.0/8"),
        live_restore=keys.get("live-restore", False),
        swarm=running.swarm if running else False,
        debug=keys.get("debug", False),
        labels=tuple(keys.get("labels", ())),
        log_driver=keys.get("log-driver", "json-file"),
        data_root=keys.get("data-root", "/var/lib/docker"),
        containers=observed.engine.containers if observed.engine else (),
    )
    if not running or action == "restart":
        return reloaded
    return replace(
        reloaded,
        version=running.version,
        log_driver=running.log_driver,
        data_root=running.data_root,
    )


json_values: st.SearchStrategy[JsonValue] = st.one_of(
    st.booleans(), st.integers(0, 9), st.text("ab", max_size=3), st.just(["x"])
)
MIRRORS = ("https://m1.example", "http://m2.example:5000")
mirrors: st.SearchStrategy[list[str]] = st.lists(st.sampled_from(MIRRORS), unique=True)
# What a host finds when it tries its mirrors out.
_answers = st.one_of(
    st.builds(Live, st.integers(1, 9), st.sampled_from(["sha256:old", "sha256:new"])),
    st.just("it is out of reach"),
)
found = st.builds(
    ProbedMirrors,
    st.fixed_dictionaries(dict.fromkeys(MIRRORS, _answers)),
    st.sampled_from([None, "sha256:new"]),
)

REGISTRIES = ("docker.io", "registry.example:5000")
PASSWORDS = Passwords(
    {("env", "OLD"): SecretStr("old"), ("env", "NEW"): SecretStr("new")}, salt="00" * 16
)

settings_ = st.builds(
    Settings,
    docker_version=st.sampled_from(["latest", "26", "26.1", "26.1.5", "28.0", NEWEST]),
    docker_package_versions=st.dictionaries(
        st.sampled_from(["docker-ce", "containerd.io", "docker-compose-plugin"]),
        st.sampled_from(["5:20.10.24-1~debian.12~bookworm", NEWEST, "5:28.0.1-1~x"]),
    ),
    docker_allow_downgrade=st.booleans(),
    docker_hold=st.booleans(),
    docker_channel=st.sampled_from(["stable", "test"]),
    docker_repo_url=st.sampled_from(["https://download.docker.com/linux", "http://m.example/d"]),
    docker_plugins=st.lists(st.sampled_from(["buildx", "compose"]), unique=True),
    docker_registry_mirrors=st.one_of(st.none(), mirrors),
    docker_mirror_probe=st.sampled_from([True, False]),
    docker_insecure_registries=st.lists(
        st.sampled_from(["registry.example:5000", "10.0.0.0/8"]), unique=True
    ),
    docker_users=st.lists(st.sampled_from(["alice", "bob"]), unique=True),
    docker_rootless_users=st.lists(st.sampled_from(["dave", "erin"]), unique=True),
    docker_live_restore=st.booleans(),
    docker_data_root=st.sampled_from([None, "/data"]),
    docker_allow_data_root_change=st.just(True),
    docker_http_proxy=st.sampled_from([None, "http://proxy.example:3128"]),
    docker_restart=st.sampled_from(["when-needed", "never"]),
    docker_daemon=st.fixed_dictionaries(
        {},
        optional={
            "debug": st.booleans(),
            "labels": st.sampled_from([[], ["a=b"]]),
            "log-driver": st.sampled_from(["json-file", "journald"]),
            "shutdown-timeout": st.integers(0, 9),
        },
    ),
    docker_registry_logins=st.dictionaries(
        st.sampled_from(REGISTRIES),
        st.builds(
            Login,
            username=st.sampled_from(["ci", "robot"]),
            password_env=st.sampled_from(["OLD", "NEW"]),
            password_command=st.none(),
            users=st.just(("root",)),
        ),
    ),
    docker_verify=st.sampled_from(["changed", "never"]),
)


def _memory(chosen: tuple[str, ...]) -> str:
    asked = Asked(mirrors=(MIRRORS[0],), insecure=(), reference=Settings().docker_mirror_reference)
    return Memory(asked=asked, chosen=chosen, notes=()).model_dump_json()


_logins = st.lists(
    st.builds(
        Remembered,
        registry=st.sampled_from([*REGISTRIES, "gone.example"]),
        user=st.sampled_from(["root", "alice"]),
        username=st.just("ci"),
        salt=st.just(PASSWORDS.salt),
        digest=st.sampled_from(["", PASSWORDS.digest(("env", "OLD"), PASSWORDS.salt)]),
    ),
    unique_by=lambda each: (each.registry, each.user),
).map(lambda logins: Logins(logins=tuple(logins)).model_dump_json())

_versions = st.sampled_from(["5:20.10.24-1~debian.12~bookworm", NEWEST])
_statuses = st.sampled_from(["ii", "ii", "ii", "iU", "iF", "hi"])
_packages = st.dictionaries(
    st.sampled_from((*wanted_packages(Settings()), *CONFLICTING_PACKAGES)),
    st.builds(Package, _versions, _statuses),
)
FOREIGN_LINES = [
    "deb http://archive.example/debian bookworm main\n",
    "deb [signed-by=/etc/apt/keyrings/x.gpg] https://x.example/linux/deb stable main # ours\n",
    "# only a comment\n",
    "#deb http://off.example/debian bookworm main\n",
    "deb https://broken.example\udcff\n",
    "\n",
]
DOCKER_LINES = [
    OLD_LIST.format(url="https://download.docker.com/linux"),
    OLD_LIST.format(url="https://mirror.example/docker-ce/linux"),
    OLD_LIST.format(url="http://m.example/d"),
    "deb-src\thttps://download.docker.com/linux/debian/ bookworm stable test # comment\n",
]
_STANZA = "Types: deb\nURIs: {uris}\nSuites: bookworm\nComponents: {components}\n"
FOREIGN_STANZAS = [
    _STANZA.format(uris="http://a.example/debian\n http://b.example/debian", components="main"),
    "# a comment\n" + _STANZA.format(uris="http://archive.example/debian", components="main"),
    "Enabled: no\n" + _STANZA.format(uris="http://off.example/debian", components="stable"),
    "# only a comment\n",
]
DOCKER_STANZAS = [
    _STANZA.format(uris="https://download.docker.com/linux/debian", components="stable"),
    "enabled: no\n" + _STANZA.format(uris="http://m.example/d/debian", components="test"),
    _STANZA.format(
        uris="https://mirror.example/linux/debian https://two.example/linux/debian",
        components="stable",
    )
    + "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n",
]
_lists = st.lists(st.sampled_from(FOREIGN_LINES + DOCKER_LINES), max_size=4).map("".join)
_deb822 = st.lists(st.sampled_from(FOREIGN_STANZAS + DOCKER_STANZAS), max_size=4).map("\n".join)
_sources = st.builds(
    lambda lists, deb822: {**lists, **deb822},
    st.dictionaries(
        st.sampled_from([SOURCE.removesuffix("sources") + "list", "/etc/apt/sources.list"]), _lists
    ),
    st.dictionaries(st.sampled_from([SOURCE, "/etc/apt/sources.list.d/x.sources"]), _deb822),
)
_keys = st.frozensets(st.sampled_from([DOCKER_KEY_FINGERPRINT, "0" * 40]))
_engines = st.builds(
    Engine,
    version=st.sampled_from(["20.10.24", "26.1.5"]),
    registry_mirrors=mirrors.map(tuple),
    insecure_registries=st.just(("127.0.0.0/8",)),
    live_restore=st.booleans(),
    swarm=st.sampled_from([False, False, False, True]),
    log_driver=st.sampled_from(["json-file", "journald"]),
    data_root=st.sampled_from(["/var/lib/docker", "/data"]),
    holds=st.sampled_from(["", "3 images"]),
    containers=st.lists(st.sampled_from(["web", "db"]), unique=True).map(tuple),
)

_daemon_keys = st.fixed_dictionaries(
    {},
    optional={
        "debug": st.booleans(),
        "dns": json_values,
        "labels": st.sampled_from([[], ["owner=infra"]]),
        "live-restore": st.booleans(),
        "log-driver": st.sampled_from(["json-file", "journald"]),
        "owner": json_values,
    },
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
    holds=st.frozensets(st.sampled_from(wanted_packages(Settings()))),
    offered=st.sampled_from([None, NEWEST]),
    dpkg_interrupted=st.booleans(),
    apt_lists_fresh=st.booleans(),
    apt_sources=_sources,
    keyring=st.one_of(st.none(), _keys),
    trusted_keyrings=st.dictionaries(
        st.sampled_from(["/etc/apt/trusted.gpg", "/etc/apt/trusted.gpg.d/docker.gpg"]), _keys
    ),
    daemon_json=st.one_of(
        st.none(),
        st.sampled_from(["", "{}"]),
        _daemon_keys.map(json.dumps),
    ),
    mirrors_json=st.sampled_from([None, "", "{", _memory((MIRRORS[0],)), _memory(())]),
    http_client=st.booleans(),
    logins_json=st.one_of(st.none(), st.just("{"), _logins),
    logins=st.frozensets(
        st.tuples(st.just("root"), st.sampled_from([*map(config_key, REGISTRIES)]))
    ),
    owned_keys=_daemon_keys,
    drop_ins=st.sampled_from([{}, {DOCKER_DROP_IN: "[Service]\n"}]),
    restart_pending=st.sampled_from([None, frozenset[str](), frozenset({"bip"})]),
    unfinished=st.sampled_from([None, None, "reload", "verify"]),
    docker_group=st.one_of(st.none(), st.frozensets(st.sampled_from(["alice", "carol"]))),
    users=st.just(frozenset({"alice", "bob", "dave", "erin"})),
    rootless_users=st.frozensets(st.sampled_from(["dave", "erin"])),
    rootless_ready=st.frozensets(st.sampled_from(["dave", "erin"])),
    rootless_containers=st.sampled_from([(), ("dave/app",)]),
    unit=st.sampled_from([RUNNING, STOPPED]),
    engine=st.one_of(st.none(), _engines),
)
