"""Why a host that does not say how it is could not be looked at."""

import pytest
from pyinfra import host

from rackwright.look.observed import ProbeError
from rackwright.look.probe import TIMEOUT, Probe, arguments
from rackwright.looking import answer
from rackwright.settings import Settings
from tests.plan.fleet import run


@pytest.mark.parametrize(
    ("timeout", "reason"),
    [(TIMEOUT, "the connection broke"), (0, "it did not answer within 0 s")],
)
def test_a_host_that_says_nothing(timeout: int, reason: str) -> None:
    def look() -> None:
        with pytest.raises(ProbeError, match=reason):
            answer(host, Probe, timeout, **arguments(Settings()), own_sudo=True)

    assert run({"fake_responses": {}}, command=look).failed
