"""GPUs: what is wrong with a host's, who uses them, and the scripts that change them."""

from pathlib import Path
from typing import Final

DRIVER_SH: Final = Path(__file__).with_name("driver.sh")
# Has functions for ready.sh and for the probe.
HOLDERS_SH: Final = Path(__file__).with_name("holders.sh")
READY_SH: Final = Path(__file__).with_name("ready.sh")
