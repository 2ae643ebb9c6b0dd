"""Sizes as Docker writes them: decimal, three or four digits (docker/go-units, HumanSize)."""

import re
from typing import Final

UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")


def parse_size(text: str) -> int:
    """The bytes of "13.3kB", or of "0B (virtual 13.3kB)" without what is in brackets; else 0."""
    found = re.match(rf"([\d.]+) ?({'|'.join(UNITS)})\b", text)
    return round(float(found[1]) * 1000 ** UNITS.index(found[2])) if found else 0


def human(size: float) -> str:
    """Bytes in Docker's own form."""
    unit = 0
    while size >= 999.95 and unit < len(UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.4g}{UNITS[unit]}" if size >= 1000 else f"{size:.3g}{UNITS[unit]}"
