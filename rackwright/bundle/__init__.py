"""The offline bundle: everything that hosts without a network need, checked, in one folder."""

from pathlib import Path
from typing import Final

# Scripts for hosts.
RESOLVE: Final = Path(__file__).with_name("resolve.sh")
LACKS: Final = Path(__file__).with_name("lacks.sh")
