"""Looking at one host: each function is one remote command that changes nothing."""

from dataclasses import replace
from time import monotonic
from typing import Any, TypeVar

from pyinfra.api import FactBase, Host

from rackwright.host.sudo import with_password
from rackwright.laptop.reference import reference_digest
from rackwright.look.apt_trial import TIMEOUT as TRIAL_TIMEOUT
from rackwright.look.apt_trial import AptTrial
from rackwright.look.mirror_probe import TIMEOUT as MIRRORS_TIMEOUT
from rackwright.look.mirror_probe import MirrorProbe
from rackwright.look.mirrors import ProbedMirrors
from rackwright.look.observed import Observed, ProbeError
from rackwright.look.probe import TIMEOUT, Probe, arguments
from rackwright.packages.mirror_choice import candidates
from rackwright.settings import Settings
from rackwright.steps.mirrors import asked

T = TypeVar("T")


def answer(host: Host, fact: type[FactBase[T | ProbeError]], timeout: int, **words: Any) -> T:
    """What a fact says of a host within `timeout` seconds; raises ProbeError where it says none."""
    began = monotonic()
    said = host.get_fact(fact, _timeout=timeout, **words)
    if said is None:
        late = monotonic() - began >= timeout
        raise ProbeError(
            f"it did not answer within {timeout} s; look at its load, run this again"
            if late
            else "the connection broke while looking at the host; run it again"
        )
    if not isinstance(said, ProbeError):
        return said
    if "sudo" in str(said):
        raise ProbeError(
            f"{said}; give the login sudo without a password, or set _sudo_password "
            "(from an environment variable) for this host"
        )
    raise said


def observe(host: Host, settings: Settings) -> Observed:
    """What one host is at this moment. Raises ProbeError when it cannot be looked at."""
    return answer(host, Probe, TIMEOUT, **arguments(settings), **as_root(host))


def tried_out(host: Host, settings: Settings, observed: Observed) -> Observed:
    """What was observed, with what apt found of its mirror where that has to be tried out.

    Raises ProbeError when the host does not say.
    """
    parts = candidates(settings, observed)
    if not parts:
        return observed
    trial = answer(host, AptTrial, TRIAL_TIMEOUT, parts=parts, **as_root(host))
    return replace(observed, sources=replace(observed.sources, trial=trial))


def probe_mirrors(host: Host, settings: Settings) -> ProbedMirrors:
    """The mirrors of the settings as the host finds them. Raises ProbeError."""
    wanted = asked(settings)
    words = {"mirrors": wanted.mirrors, "insecure": wanted.insecure}
    found = answer(host, MirrorProbe, MIRRORS_TIMEOUT, **words)
    return ProbedMirrors(found, reference_digest(wanted.reference))


def as_root(host: Host) -> dict[str, Any]:
    """How a fact of ours gets to be root: by itself, or by pyinfra where that takes a password."""
    # With a password, pyinfra's own way to sudo is the only one; it asks, hides and caches it.
    password = with_password(host)
    return {"own_sudo": not password, "_sudo": password}
