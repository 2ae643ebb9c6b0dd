"""report.html: one file, with everything in it, that asks nobody for anything."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rackwright.report.glance import WORST_FIRST, glance, sentence, verdict
from rackwright.report.outcome import Outcome
from rackwright.report.record import HostRecord, RunRecord

TEMPLATES: Final = Path(__file__).parents[2] / "templates"


def html(record: RunRecord) -> str:
    """The report of a run as a page."""
    script = (TEMPLATES / "report.js").read_text()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=record,
            hosts=sorted(record.hosts, key=_worst_first),
            glance=glance(record.hosts),
            ranks={outcome: rank for rank, outcome in enumerate(WORST_FIRST)},
            asked=[host for host in record.hosts if host.outcome is not Outcome.NOT_ASKED],
            sentence=sentence(record),
            verdict=verdict(record),
            # Our own files, byte for byte: the hash is what the page's policy lets run.
            style=Markup((TEMPLATES / "report.css").read_text()),  # noqa: S704
            script=Markup(script),  # noqa: S704
            digest=digest,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (found_by, phrase, seconds, slug)
    environment.filters |= {each.__name__: each for each in filters}
    return environment


def seconds(value: float | None) -> str:
    """A duration as people say it: "0.4 s", "12 s", "3 min 5 s"."""
    if value is None:
        return "\N{EN DASH}"
    if value < 10:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def found_by(host: HostRecord) -> str:
    """All words by which a host is found."""
    facts = host.facts
    words = [host.name, *host.groups, host.outcome]
    if facts:
        system = f"{facts.distro} {facts.release}"
        words += [system, facts.codename, facts.architecture, facts.engine or "no engine"]
        words += [*facts.mirrors, *(gpu.name for gpu in facts.gpus or ())]
    words += ["drift"] if host.drifted else []
    words += dict.fromkeys(change.task for change in host.changes)
    words += [f"{each.name} {each.image}" for each in host.containers]
    words += [host.error.step, phrase(host.error.reason)] if host.error else []
    return phrase(" ".join(words), longest=None)


def phrase(text: str, longest: int | None = 80) -> str:
    """A text as the page's filter finds it: small letters, single blanks, no quotes."""
    return " ".join(text.replace('"', " ").lower().split())[:longest].strip()


def slug(outcome: Outcome) -> str:
    """An outcome as the name of a class or an icon."""
    return outcome.replace(" ", "-")


def _worst_first(host: HostRecord) -> tuple[int, list[tuple[int, str]]]:
    # Numbers in names count as numbers: gpu-2 before gpu-10.
    parts = re.findall(r"(\d+)|(\D+)", host.name)
    name = [(int(number or 0), text) for number, text in parts]
    return WORST_FIRST.index(host.outcome), name
