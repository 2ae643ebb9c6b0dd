"""The log of changes on a host, as lines of JSON. Pure.

An object has the keys when (UTC, of the host's clock), result, run, who, command, task, what, from,
to and reason. A run that begins writes every change as "planned", and one that ends writes it again
with what became of it; a change that stays planned is one of a run that died.
"""

import base64
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from rackwright.change import Change
from rackwright.hidden import without_logins
from rackwright.host_lock.holder import Holder

# "unverified": made, and then something else failed before the host had shown that it works.
Result = Literal["done", "unverified", "failed", "not made"]
CURRENT: Final = "/var/log/rackwright.jsonl"
OLDER: Final = f"{CURRENT}.1"


def lines(holder: Holder, changes: Iterable[Change]) -> str:
    """These changes for host_lock.sh, which adds when and result: packed, in one word."""
    text = "".join(json.dumps(_entry(holder, change)) + "\n" for change in changes)
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _entry(holder: Holder, change: Change) -> Mapping[str, str]:
    return {
        "run": holder.run,
        "who": holder.admin,
        "command": holder.command,
        "task": change.task,
        "what": without_logins(change.what),
        "from": without_logins(change.before),
        "to": without_logins(change.after),
        "reason": change.reason,
    }


def after_failure(
    changes: Sequence[Change], steps: Sequence[str], at: int, *, begun: bool = True
) -> dict[Result, list[Change]]:
    """What became of changes when operation number `at` failed, or did not even begin.

    `steps` has the title of every operation of the run on the host, in order: that of the task that
    makes a change, or one that begins with it ("Purge packages" for purge).
    """
    became: dict[Result, list[Change]] = {}
    for change in changes:
        its = [number for number, title in enumerate(steps) if _makes(title, change.task)]
        result: Result = "not made"
        if any(number < at + begun for number in its):
            result = "unverified" if max(its) < at else "failed"
        became.setdefault(result, []).append(change)
    return became


def _makes(title: str, task: str) -> bool:
    step = title.lower().replace(" ", "_")
    # Networks and volumes go in a task of their own, after all that used them.
    return f"{step}_".startswith(f"{task}_") or (
        step == "removals" and task in ("networks", "volumes")
    )


def read(text: Iterable[str]) -> list[dict[str, Any]]:
    """The entries of a log, each change of a run once, with the last that is known of it.

    Lines that cannot be read, as a power cut leaves them, are left out.
    """
    entries: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in text:
        try:
            entry = json.loads(line)
            key = tuple(entry[name] for name in ("run", "task", "what", "from", "to"))
            entry["when"], entry["result"], entry["who"], entry["command"]
        except (ValueError, KeyError, TypeError):
            continue
        entries[key] = entry
    return sorted(entries.values(), key=lambda entry: str(entry["when"]))
