"""What a drift check says."""

from rackwright.drift import drift_conclusion, drift_lines, drift_row, drifted
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.report.outcome import HostResult, Outcome
from rackwright.settings import Settings
from tests.unit.states import BARE, after


def test_a_host_that_is_right_says_nothing() -> None:
    settings = Settings(docker_verify="always")
    there = plan(settings, after(settings, BARE, plan(settings, BARE)))
    assert not drifted(there)
    assert drift_lines("a", there) == []
    assert drift_row("a", there) == HostResult("a", Outcome.UNCHANGED)
    noted = drift_row("a", Plan(notes=("GPU 1 is throttled",)))
    assert noted == HostResult("a", Outcome.UNCHANGED, detail="GPU 1 is throttled")


def test_every_difference_has_from_and_to() -> None:
    lines = drift_lines("a", plan(Settings(docker_users=["alice"]), BARE))
    assert lines[0] == "a: 13 differences (repository, daemon, engine, hold, service, users)"
    assert "  users       alice: not in group docker -> member" in lines
    assert len(lines) == 14


def test_an_unfinished_run_is_drift() -> None:
    assert drift_lines("a", Plan(resumes=True)) == [
        "a: 1 difference (verify)",
        "  verify      an earlier run did not get to its end",
    ]


def test_conclusions() -> None:
    right = HostResult("a", Outcome.UNCHANGED)
    wrong = HostResult("b", Outcome.DRIFTED)
    gone = HostResult("c", Outcome.UNREACHABLE)
    assert drift_conclusion([right]) == "1 host: none drifted."
    assert drift_conclusion([right, wrong]).startswith("2 hosts: 1 drifted; nothing was changed;")
    assert "3 hosts: 1 drifted, 1 could not be looked at;" in drift_conclusion([right, wrong, gone])
