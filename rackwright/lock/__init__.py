"""The lock file: exact versions and hashes for an inventory, which deploy.py keeps to."""

from pathlib import Path
from typing import Final

COMPARE: Final = Path(__file__).with_name("compare.sh")  # a script for hosts
