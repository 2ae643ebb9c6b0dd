"""The second remote command of a run, where a mirror of apt's has to be tried out: apt_trial.sh."""

import base64
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pyinfra.api import FactBase

from rackwright.look.answer import between_marks, values_by_key
from rackwright.look.observed import ProbeError
from rackwright.look.probe import look_command
from rackwright.look.sources_seen import Release, Trial, Tried

SCRIPT = Path(__file__).with_suffix(".sh")
SECONDS = 30  # for each mirror; a host asks all of them at once
TIMEOUT = SECONDS + 30


class AptTrial(FactBase[Trial | ProbeError]):
    """Mirrors as a host's apt finds them. As root: only root may read apt's passwords."""

    def command(self, parts: Mapping[str, Mapping[str, str]], own_sudo: bool) -> str:
        """The command. `parts` are source files by name, for each trial by its name."""
        words = [
            word
            for trial, files in parts.items()
            for name, text in files.items()
            for word in (
                trial,
                name,
                base64.b64encode(text.encode("utf-8", "surrogateescape")).decode(),
            )
        ]
        return look_command(SCRIPT, [str(SECONDS), *words], own_sudo)

    def process(self, output: list[str]) -> Trial | ProbeError:
        """Parse what came back."""
        try:
            return parse(output)
        except ProbeError as error:
            return error


def parse(lines: Iterable[str]) -> Trial:
    """What apt_trial.sh printed. Raises ProbeError."""
    values = values_by_key(between_marks(lines))
    failed = dict(line.split(" ", 1) for line in values.get("failed", ()))
    releases: dict[str, list[Release]] = {}
    try:
        for line in values.get("release", ()):
            name, suite, date, origin = line.split(" ", 3)
            release = Release(suite, origin, datetime.fromtimestamp(int(date), UTC))
            releases.setdefault(name, []).append(release)
    except ValueError as error:
        raise ProbeError(f"the trial's answer cannot be read: {error}") from error
    tried = {
        name: Tried(failed.get(name, ""), tuple(releases.get(name, ())))
        for name in values.get("tried", ())
    }
    return Trial(tried.get("main"), tried.get("security"), tuple(releases.get("in-use", ())))
