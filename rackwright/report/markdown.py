"""report.md: for a chat, a ticket, or the summary of a CI job. GitHub's Markdown."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from rackwright.report.glance import Counts, glance, sentence, verdict
from rackwright.report.html import seconds
from rackwright.report.record import ErrorRecord, HostRecord, RunRecord

# What has a meaning within a line (CommonMark, 6; GitHub: tables and ~strikethrough~), and what
# GitHub makes links of: addresses, names and numbers of issues.
_ESCAPED: Final = re.compile(r"[\\`*_\[\]|~#]")
_ENTITIES: Final = re.compile(r"[&<@]|:(?=//)|(?<=www)\.")


def markdown(record: RunRecord) -> str:
    """The report of a run as Markdown."""
    seen = glance(record.hosts)
    counted = {
        "Docker Engine": seen.engines,
        "Systems": seen.systems,
        "Registry mirrors": seen.mirrors,
        "GPUs": seen.gpus,
    }
    parts = [
        f"# {text(verdict(record))}",
        text(sentence(record)),
        f"{code(record.command)} by {text(record.who)} on {text(record.where)}, "
        f"{record.started:%Y-%m-%d %H:%M:%S} UTC, "
        f"{seconds((record.finished - record.started).total_seconds())}",
        _table(("host", "outcome", "engine", "time", "what"), map(_row, record.hosts)),
        "\n".join(_counts(title, counts) for title, counts in counted.items() if counts),
        f"Drift: {seen.drifted} of {seen.compared} hosts differed from their settings.",
        *(_details(host) for host in record.hosts if host.error or host.changes or host.notes),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def text(words: str) -> str:
    """A text that means nothing but itself, on one line, also in a cell of a table."""
    escaped = _ESCAPED.sub(r"\\\g<0>", " ".join(words.split()))
    # A number of an entity holds a # of its own, so these come last.
    return _ENTITIES.sub(lambda found: f"&#{ord(found[0])};", escaped)


def code(words: str) -> str:
    """A text as code, on one line."""
    line = " ".join(words.split())
    fence = "`" * (_longest_run(line) + 1)
    return f"{fence} {line} {fence}" if line else ""


def block(lines: Sequence[str]) -> str:
    """Lines as a block of code, which ends where they end."""
    whole = "\n".join(lines)
    fence = "`" * max(3, _longest_run(whole) + 1)
    return f"{fence}text\n{whole}\n{fence}"


def _longest_run(words: str) -> int:
    return max(map(len, re.findall("`+", words)), default=0)


def _row(host: HostRecord) -> tuple[str, ...]:
    what = host.error.reason if host.error else host.summary if host.changes else ""
    engine = host.facts.engine if host.facts else None
    cells = (host.name, host.outcome, engine or "", seconds(host.seconds), what)
    return tuple(map(text, cells))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _counts(title: str, counts: Counts) -> str:
    return f"- {title}: " + ", ".join(f"{text(word)} ({count})" for word, count in counts)


def _details(host: HostRecord) -> str:
    changes = [
        f"- **{text(change.task)}**: {text(change.what)}: {text(change.before)} → "
        f"{text(change.after)}, because {text(change.reason)}"
        for change in host.changes
    ]
    running = ", ".join(
        text(f"{each.name} ({each.image}, {each.state})") for each in host.containers
    )
    parts = [
        f"## {text(host.name)}: {text(host.outcome)}",
        _error(host.error) if host.error else "",
        "\n".join(changes),
        "\n".join(f"- note: {text(note)}" for note in host.notes),
        f"Running: {running}" if running else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _error(error: ErrorRecord) -> str:
    said = f"**{text(error.step) or 'Why'}**: {text(error.reason)}"
    return f"{said}\n\n{block(error.output)}" if error.output else said
