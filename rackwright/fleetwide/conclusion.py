"""The sentence below the table of hosts."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rackwright.report.outcome import HostResult, Outcome

RIGHT: Final = (Outcome.DONE, Outcome.UNCHANGED)


def conclusion(rows: Sequence[HostResult], advice: str = "") -> str:
    """One sentence: how many hosts ended how, and what to do next where any is not right."""
    counts = Counter(row.outcome for row in rows)
    summed = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    if any(row.outcome not in RIGHT for row in rows):
        advice = "mend what the table names, and run it again for these hosts (--limit)"
    hosts = f"{len(rows)} host{'s' if len(rows) != 1 else ''}"
    return f"{hosts}: {summed}{f'; {advice}' if advice else ''}."
