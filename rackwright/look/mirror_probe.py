"""The second remote command of a run, where mirrors have to be tried out: mirror_probe.sh."""

from pathlib import Path

from pyinfra.api import FactBase

from rackwright.host.script import command
from rackwright.look.mirrors import SECONDS, Live, parse
from rackwright.look.observed import ProbeError

SCRIPT = Path(__file__).with_suffix(".sh")
# The slowest mirror has its seconds, the login the rest.
TIMEOUT = SECONDS + 30


class MirrorProbe(FactBase[dict[str, Live | str] | ProbeError]):
    """Mirrors as a host reaches them, all at the same moment. Needs no root."""

    mirrors: tuple[str, ...] = ()

    def command(self, mirrors: tuple[str, ...], insecure: tuple[str, ...]) -> str:
        """The command. `insecure` are those mirrors whose certificate is not checked."""
        self.mirrors = mirrors
        return f"{command(SCRIPT, str(SECONDS), ' '.join(insecure), *mirrors)} 2>&1"

    def process(self, output: list[str]) -> dict[str, Live | str] | ProbeError:
        """Parse what came back."""
        try:
            return parse(output, self.mirrors)
        except ProbeError as error:
            return error
