"""The maps of daemon.json: an entry of ours, beside those of others."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from rackwright.change import Impact
from rackwright.docker.daemon_maps import flat, nested
from rackwright.look.observed import Engine, Observed
from rackwright.steps.daemon import DaemonStep, daemon_step
from tests.unit.states import BARE, json_values

NVIDIA: dict[str, JsonValue] = {"runtimes": {"nvidia": {"path": "nvidia-container-runtime"}}}
RUNNING = replace(BARE, engine=Engine("26.1.5"))
_maps = st.dictionaries(st.sampled_from(["a", "b"]), st.booleans())
_keys = st.fixed_dictionaries(
    {}, optional={"debug": json_values, "features": _maps, "runtimes": _maps}
)


@given(_keys)
def test_nothing_is_lost_on_the_way_there_and_back(keys: dict[str, JsonValue]) -> None:
    assert nested(flat(keys)) == keys


def step(wanted: dict[str, Any], host: Observed) -> DaemonStep | None:
    """What is to be done for these keys alone."""
    return daemon_step(wanted, {}, host, "26.1.5")


def after(host: Observed, done: DaemonStep) -> Observed:
    """The host with the step carried out."""
    return replace(host, daemon_json=done.content, owned_keys=json.loads(done.owned))


def test_an_entry_comes_and_goes_beside_those_of_the_admin() -> None:
    theirs = {"runtimes": {"kata": {"path": "kata"}}, "features": {"buildkit": True}}
    host = replace(RUNNING, daemon_json=json.dumps(theirs))
    came = step({**NVIDIA, "features": {"cdi": True}}, host)
    assert came and json.loads(came.content) == {
        "runtimes": {"kata": {"path": "kata"}, **NVIDIA["runtimes"]},  # type: ignore[dict-item]
        "features": {"buildkit": True, "cdi": True},
    }
    assert came.keys == {"runtimes.nvidia", "features.cdi"}
    assert came.impact is Impact.RESTART  # dockerd looks for CDI only when it starts
    host = after(host, came)
    assert step({**NVIDIA, "features": {"cdi": True}}, host) is None
    went = step({}, host)
    assert went and json.loads(went.content) == theirs
    assert step({}, after(host, went)) is None


def test_a_reload_is_told_that_the_last_runtime_is_gone() -> None:
    came = step(NVIDIA, RUNNING)
    assert came and came.impact is Impact.RELOAD
    host = after(RUNNING, came)
    went = step({}, host)
    assert went and json.loads(went.content) == {"runtimes": {}}
    host = after(host, went)
    assert step({}, host) is None
    back = step(NVIDIA, host)
    assert back and json.loads(back.content) == NVIDIA
    assert step(NVIDIA, after(host, back)) is None


def test_an_empty_map_asks_for_nothing() -> None:
    host = replace(RUNNING, daemon_json='{"runtimes": {"kata": {"path": "kata"}}}')
    assert step({"runtimes": {}}, host) is None


def test_a_map_of_the_time_before_is_ours_entry_by_entry() -> None:
    features: dict[str, JsonValue] = {"features": {"buildkit": True, "cdi": True}}
    host = replace(RUNNING, daemon_json=json.dumps(features), owned_keys=dict(features))
    went = step({"features": {"buildkit": True}}, host)
    assert went and json.loads(went.content) == {"features": {"buildkit": True}}
