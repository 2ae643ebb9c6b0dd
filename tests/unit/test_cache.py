"""The fleet's cache: who is it, who uses it how, and the way back."""

import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rackwright.host.error import RefusedError
from rackwright.laptop.fleet_cache import with_fleet_cache
from rackwright.look.cache_seen import CacheSeen, cache_look, cache_seen
from rackwright.look.mirrors import Live, ProbedMirrors
from rackwright.look.observed import Observed, Package
from rackwright.look.sources_seen import SourcesSeen
from rackwright.marks import (
    APT_CACHE,
    APT_PROXY,
    CACHE_DROP_IN,
    CACHE_PACKAGES,
    CACHE_REGISTRY,
    DOCKER_LISTS,
)
from rackwright.packages.docker_sources import SOURCE, find
from rackwright.planning import plan
from rackwright.settings import Settings, SettingsError, parse_fleet
from rackwright.steps.apt_cache import SCRIPT
from rackwright.steps.mirrors import asked, choose, needs_probe
from rackwright.versions.ask import definition
from tests.unit.states import BARE, after

FLEET: Mapping[str, Mapping[str, Any]] = {
    "cache-1": {"ssh_hostname": "10.0.0.2", "cache_host": "cache-1"},
    "gpu-1": {"cache_host": "cache-1", "docker_registry_mirrors": ["https://m.example"]},
}
REGISTRY, MIRROR = "http://10.0.0.2:5000", "https://m.example"
HOST = replace(BARE, http_client=True)
LIVE = Live(50, "sha256:new")


def fleet(converging: tuple[str, ...] = (), **more: Mapping[str, Any]) -> dict[str, Settings]:
    """Settings of the hosts in FLEET, with more data for some of them."""
    data = {name: {**FLEET[name], **more.get(name.replace("-", "_"), {})} for name in FLEET}
    return with_fleet_cache(parse_fleet(data), data, converging)


def user(converging: tuple[str, ...] = (), **more: Any) -> Settings:
    """Settings of a host that uses the cache."""
    return fleet(converging, gpu_1=more)["gpu-1"]


def server(**more: Any) -> Settings:
    """Settings of the cache itself, in a run that makes it one."""
    return fleet(("cache-1",), cache_1=more)["cache-1"]


def probed(cache: Live | str, mirror: Live | str = LIVE) -> ProbedMirrors:
    """What a host found of its mirrors."""
    return ProbedMirrors({REGISTRY: cache, MIRROR: mirror}, "sha256:new")


def test_the_cache_is_found_by_its_name_in_the_inventory() -> None:
    found = fleet(("cache-1",))
    cache, other = found["cache-1"].cache, found["gpu-1"].cache
    assert cache and cache.serves and cache.coming
    assert other and not other.serves
    assert (other.registry, other.apt) == (REGISTRY, "http://10.0.0.2:3142")
    named = user(cache_address="cache.lan", cache_registry_port=5555).cache
    assert named and named.registry == "http://cache.lan:5555"
    assert fleet()["gpu-1"].with_cache(other).model_copy(update={"docker_users": ()}).cache == other


def test_the_cache_may_fetch_from_the_ports_of_every_hosts_sources() -> None:
    found = user(docker_repo_url="http://m.example:8080/linux", apt_mirror="http://m.example:81/d")
    assert found.cache and found.cache.ports == (80, 81, 443, 8080)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"cache_host": "cache1"}, "no host cache1; the nearest is cache-1"),
        ({"cache_address": "127.0.0.1"}, "set cache_address"),
        ({"cache_address": "-x"}, "cache_address: write a host's name or address"),
        ({"cache_host": "a\nb"}, "cache_host: write one word"),
        ({"cache_registry_port": 70000}, "cache_registry_port"),
        ({"cache_hosts": "x"}, "the nearest is cache_host"),
    ],
)
def test_a_cache_that_cannot_be(data: Mapping[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        user(**data)
    (sentence,) = raised.value.errors
    assert sentence.startswith("gpu-1: ")
    assert said in sentence


def test_the_cache_is_first_however_fast_others_are() -> None:
    found = choose(user(), HOST, probed(Live(900, "sha256:new")))
    assert found.used == (REGISTRY, MIRROR)


def test_a_dead_cache_is_left_out_and_looked_for_again() -> None:
    settings = user()
    found = choose(settings, HOST, probed("it is out of reach"))
    assert found.used == (MIRROR,)
    assert f"the mirror {REGISTRY} is left out" in found.notes[0]
    left_out = after(settings, HOST, plan(settings, HOST, probed("it is out of reach")))
    assert needs_probe(settings, left_out)
    again = after(settings, left_out, plan(settings, left_out, probed(LIVE)))
    assert not needs_probe(settings, again)
    assert choose(settings, again, None).used == (REGISTRY, MIRROR)


def test_a_cache_that_this_run_makes_need_not_answer_yet() -> None:
    settings = user(("cache-1",))
    found = choose(settings, HOST, probed("it is out of reach", "it hangs"))
    assert (found.used, len(found.notes)) == ((REGISTRY,), 1)
    stale = choose(settings, HOST, probed(Live(5, "sha256:old")))
    assert stale.used == (MIRROR,)


def test_mirrors_of_the_admin_are_not_overwritten() -> None:
    settings = fleet()["gpu-1"].model_copy(update={"docker_registry_mirrors": None})
    theirs = replace(HOST, daemon_json='{"registry-mirrors": ["https://old.example"]}')
    with pytest.raises(RefusedError, match="name those to keep in docker_registry_mirrors"):
        plan(settings, theirs)
    ours = after(settings, HOST, plan(settings, HOST, probed(LIVE)))
    assert asked(settings).mirrors == (REGISTRY,)
    assert plan(settings, ours).empty


def test_a_host_uses_the_cache_and_goes_back() -> None:
    settings = user()
    used = after(settings, HOST, plan(settings, HOST, probed(LIVE)))
    assert plan(settings, used).empty
    assert used.cache.files[DOCKER_LISTS["debian"]] == (
        "http://10.0.0.2:3142/HTTPS///download.docker.com/linux/debian\tpriority:1\n"
        "https://download.docker.com/linux/debian\tpriority:2\n"
    )
    assert list(find(used.apt_sources, Settings())) == [SOURCE]
    # A bare host is asked before the list is there.
    assert "URIs: https://download.docker.com/linux/debian\n" in definition(settings, HOST)
    without = Settings(docker_registry_mirrors=(MIRROR,))
    back = plan(without, used, ProbedMirrors({MIRROR: LIVE}, "sha256:new"))
    bare = after(without, used, back)
    assert not bare.cache.files
    assert "https://download.docker.com/linux/debian" in bare.apt_sources[SOURCE]
    assert plan(without, bare).empty


def test_only_sources_of_the_distribution_that_can_be_kept_go_through_the_cache() -> None:
    sources = (
        "deb http://ftp.example/debian bookworm main\n"
        "deb https://ftp.debian.org/debian bookworm-updates main\n"
        "deb http://packages.example/tool stable main\n"
        "deb http://odd.example:99/debian bookworm main\n"
    )
    host = replace(HOST, sources=SourcesSeen(apt={"/etc/apt/sources.list": sources}))
    found = plan(user(), host, probed(LIVE))
    assert found.apt_cache
    assert found.apt_cache.files[APT_CACHE] == "10.0.0.2 3142 .debian.org ftp.example\n"
    assert any("https://ftp.debian.org/debian goes past the cache" in note for note in found.notes)


def test_a_mirror_that_comes_in_the_same_run_goes_through_the_cache() -> None:
    sources = "deb http://ftp.debian.org/debian bookworm main\n"
    host = replace(HOST, sources=SourcesSeen(apt={"/etc/apt/sources.list": sources}))
    found = plan(user(apt_mirror="http://mirror.example:8090/debian"), host, probed(LIVE))
    assert found.apt_cache
    assert found.apt_cache.files[APT_CACHE] == "10.0.0.2 3142 .debian.org mirror.example:8090\n"


def test_the_cache_itself_and_the_way_back() -> None:
    settings = server()
    first = plan(settings, HOST, ProbedMirrors({REGISTRY: "it is out of reach"}, "sha256:new"))
    assert first.cache and first.cache.packages == ("docker-registry", "apt-cacher-ng")
    assert "remoteurl: https://registry-1.docker.io\n" in first.cache.files[CACHE_REGISTRY]
    made = after(settings, HOST, first)
    assert plan(settings, made).empty
    stopped = replace(made, cache=replace(made.cache, running=frozenset({"docker-registry"})))
    mended = plan(settings, stopped).cache
    assert mended and mended.services == ("apt-cacher-ng",)
    gone = plan(user(), made, probed(LIVE)).cache_gone
    assert gone and gone.packages == ("docker-registry", "apt-cacher-ng")
    assert gone.files == (CACHE_DROP_IN, CACHE_REGISTRY, CACHE_PACKAGES)


def test_the_cache_gets_images_from_the_first_live_mirror() -> None:
    settings = server(docker_registry_mirrors=["https://dead.example", MIRROR])
    answers: dict[str, Live | str] = {
        REGISTRY: "it is out of reach",
        "https://dead.example": "it hangs",
        MIRROR: LIVE,
    }
    found = plan(settings, HOST, ProbedMirrors(answers, "sha256:new"))
    assert found.cache
    assert f"remoteurl: {MIRROR}\n" in found.cache.files[CACHE_REGISTRY]


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (replace(HOST, packages={"docker-registry": Package("2", "ii")}), "not by Rackwright"),
        (replace(HOST, cache=CacheSeen(ports=frozenset({5000}))), "5000 (cache_registry_port)"),
        (replace(HOST, cache=CacheSeen(ports=frozenset({3142}))), "listens on port 3142"),
    ],
)
def test_a_host_that_cannot_be_the_cache(host: Observed, said: str) -> None:
    with pytest.raises(RefusedError) as raised:
        plan(server(), host)
    (reason,) = raised.value.reasons
    assert said in reason
    assert plan(user(), host, probed(LIVE)).changes


def test_what_the_probe_tells_of_the_cache() -> None:
    assert "cache_port" in cache_look(server())
    assert "cache_port" not in cache_look(user())
    assert CACHE_DROP_IN in cache_look(Settings())
    values = {"cache_runs": ["docker-registry"], "cache_port": ["1388", "0016"]}
    seen = cache_seen({APT_PROXY: b"x"}, values)
    assert seen == CacheSeen(
        {APT_PROXY: "x"}, frozenset({"docker-registry"}), frozenset({5000, 22})
    )


@pytest.mark.parametrize(
    ("uri", "through"),
    [
        ("http://ftp.debian.org/debian/dists/x/InRelease", True),
        ("http://ftp.example:80/debian", True),
        ("http://notdebian.org/debian", False),
        ("http://packages.example/tool", False),
    ],
)
def test_apts_way_to_a_uri(tmp_path: Path, uri: str, through: bool) -> None:
    answers = "answers() { true; }\n"
    known = tmp_path / "cache"
    known.write_text("10.0.0.2 3142 .debian.org ftp.example\n")
    text = SCRIPT.read_text().replace(APT_CACHE, str(known))
    script = text.replace("from=", f"{answers}from=", 1)
    said = subprocess.run(["bash", "-c", script, "apt", uri], capture_output=True, text=True)
    assert said.stdout == ("http://10.0.0.2:3142\n" if through else "DIRECT\n")
    dead = script.replace("{ true; }", "{ false; }")
    alone = subprocess.run(["bash", "-c", dead, "apt", uri], capture_output=True, text=True)
    assert alone.stdout == "DIRECT\n"
