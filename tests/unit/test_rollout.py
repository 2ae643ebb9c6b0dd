"""Waves, what makes a host fit, and the record of a rollout."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.change import Change, Impact
from rackwright.look.observed import Engine
from rackwright.plan import Plan
from rackwright.rollout.fit import Before, before, unfit
from rackwright.rollout.record import Rollout, place, save, taken_up
from rackwright.rollout.waves import plan_waves, targets
from rackwright.settings import Settings, SettingsError
from rackwright.steps.containers import ContainersStep
from tests.unit.states import BARE

FLEET = [f"host-{number:02}" for number in range(20)]
fleets = st.lists(st.sampled_from(FLEET), unique=True)
steps = st.lists(st.integers(1, 100), min_size=1, max_size=4).map(
    lambda shares: ",".join(f"{share}%" for share in sorted(shares))
)
racked = st.dictionaries(st.sampled_from(FLEET), st.sampled_from(["r1", "r2", "r3"]))


def test_the_canary_goes_first_and_shares_are_rounded_up() -> None:
    assert targets("1,10%,50%,100%", 25) == [1, 3, 13, 25]
    assert [len(wave) for wave in plan_waves(FLEET, "1,10%,50%,100%")] == [1, 1, 8, 10]
    assert plan_waves(["a", "b", "c"], "1,10%,50%,100%") == [("a",), ("b",), ("c",)]
    assert plan_waves(["a", "b", "c"], "1") == [("a",), ("b", "c")]
    assert plan_waves(["a", "b", "c", "d"], "5,50%,100%") == [("a", "b", "c", "d")]
    assert plan_waves([], "1,100%") == []
    assert plan_waves(["a", "b", "c"], "100%", {"a": "r", "b": "r"}) == [("a", "c"), ("b",)]


@given(fleets, steps)
def test_every_host_once_in_order(hosts: list[str], waves: str) -> None:
    planned = plan_waves(hosts, waves)
    assert [host for wave in planned for host in wave] == hosts
    assert all(planned)
    ends = [sum(map(len, planned[: n + 1])) for n in range(len(planned))]
    assert set(ends) <= {*targets(waves, len(hosts)), len(hosts)}


@given(fleets, steps, racked)
def test_no_rack_twice_in_a_wave(hosts: list[str], waves: str, racks: dict[str, str]) -> None:
    planned = plan_waves(hosts, waves, racks)
    assert sorted(host for wave in planned for host in wave) == sorted(hosts)
    assert all(planned)
    for wave in planned:
        stands = [racks[host] for host in wave if host in racks]
        assert len(stands) == len(set(stands))
    # The first is no larger than asked for, and hosts of one rack keep their order.
    assert sum(map(len, planned[:1])) <= targets(waves, len(hosts))[0]
    for rack in set(racks.values()):
        its = [host for wave in planned for host in wave if racks.get(host) == rack]
        assert its == [host for host in hosts if racks.get(host) == rack]


WRONG = ("", "0", "x", "1,,2", "-1", "1.5", "101%x", "110%", "50%,10%", "1,50%,10%,100%", "5,1")


@pytest.mark.parametrize("waves", WRONG)
def test_what_are_no_waves(waves: str) -> None:
    with pytest.raises(ValueError, match="write it like 1,10%"):
        targets(waves, 20)


def test_a_host_is_fit_when_docker_answers_and_what_ran_runs_again() -> None:
    up = replace(BARE, engine=Engine("26", containers=("web", "new")))
    assert unfit(Before(containers=("web",)), up, Settings()) == []
    assert unfit(Before(), BARE, Settings()) == ["Docker does not answer"]
    assert unfit(Before(containers=("web", "db", "a")), up, Settings()) == [
        "these containers ran before, and do not run now: a, db"
    ]
    user = replace(up, rootless_containers=("dave/app",))
    assert unfit(Before(containers=("dave/app",)), user, Settings()) == []
    assert len(unfit(Before(containers=("dave/app",)), up, Settings())) == 1


def test_what_the_settings_stop_need_not_run_again() -> None:
    up = replace(BARE, engine=Engine("26", containers=("web", "db", "app")))
    plan = Plan(containers=ContainersStep((), (stops("containers", "web"),)))
    assert before(up, Settings(), plan).containers == ("db", "app")
    # What only goes down for a restart of Docker has to come back.
    plan = Plan(containers=ContainersStep((), (stops("engine", "web"),)))
    assert before(up, Settings(), plan).containers == ("web", "db", "app")
    assert before(up, Settings(), None).containers == ("web", "db", "app")


def test_containers_whose_end_a_run_waits_for_need_not_run_again() -> None:
    up = replace(BARE, engine=Engine("26", containers=("web", "train")))
    assert before(up, Settings(), Plan(ending=("train",))).containers == ("web",)
    assert before(up, Settings(), Plan()).containers == ("web", "train")


def stops(task: str, name: str) -> Change:
    """A change that stops a container."""
    return Change(task, "x", "", "", "", Impact.RESTART, (name,))


def test_gpus_are_measured_by_what_ailed_them_before() -> None:
    up = replace(BARE, engine=Engine("26"))
    counts = Settings(gpu_count=8)
    (ill,) = before(up, counts, None).gpus
    assert ill.startswith("0 GPUs are on the PCI bus, and gpu_count is 8")
    assert unfit(before(up, counts, None), up, counts) == []
    assert unfit(Before(), up, counts) == [ill]


def rollout(**changed: object) -> Rollout:
    """A rollout in two waves."""
    wanted = {
        "inventory": "/i/lab.py", "task": "t.u", "digest": "0",
        "written": "1,100%", "spread": "", "waves": (("a",), ("b", "c")),
    }  # fmt: skip
    return Rollout.model_validate({**wanted, **changed})


def test_a_rollout_is_taken_up_where_it_stood(tmp_path: Path) -> None:
    file = place("i/lab.py", str(tmp_path / "new"))
    assert file.match(f"{tmp_path}/new/rollout-lab-????????.json")
    assert file == place(str(Path("i/lab.py").absolute()), str(tmp_path / "new"))
    assert file != place("j/lab.py", str(tmp_path / "new"))
    stood = rollout(done=["a", "c"], before={"b": Before(containers=("web",))})
    save(stood, file)
    assert list(file.parent.iterdir()) == [file]
    found = taken_up(file, rollout())
    assert found == stood
    assert found.left == [(2, ("b",))]
    assert rollout().left == [(1, ("a",)), (2, ("b", "c"))]
    assert rollout(done=["a", "b", "c"]).left == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"task": "deploy.py"}, "its task is t.u, and deploy.py is asked for"),
        ({"arguments": ("version=26",)}, "its arguments is none, and version=26 is asked for"),
        ({"written": "100%"}, "its --waves is 1,100%, and 100% is asked for"),
        ({"spread": "rack"}, "its --spread is none, and rack is asked for"),
        ({"digest": "1"}, "it had another --data, or another value of a secret argument"),
        ({"waves": (("a",), ("b", "d"))}, "the hosts are not the same any more (c, d)"),
    ],
)
def test_another_rollout_is_not_taken_up(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    save(rollout(), tmp_path / "r.json")
    with pytest.raises(SettingsError) as raised:
        taken_up(tmp_path / "r.json", rollout(**changed))
    assert said in str(raised.value)


def test_without_a_record_there_is_nothing_to_take_up(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no rollout to go on with"):
        taken_up(tmp_path / "none.json", rollout())
    (tmp_path / "half.json").write_text('{"version": 1')
    with pytest.raises(SettingsError, match="cannot be read"):
        taken_up(tmp_path / "half.json", rollout())
