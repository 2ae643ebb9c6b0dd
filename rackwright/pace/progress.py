"""How far a run is, on standard error: all of it at a glance on a terminal, else a line a step."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final

import click

from rackwright.pace.course import CONNECT, LOOK, Course
from rackwright.report.outcome import Outcome

if TYPE_CHECKING:
    from rich.console import Group

SMALL: Final = 20  # hosts that get a line each; of a larger fleet, only those that are under way
SHOWN: Final = 12  # hosts that are under way, of a large fleet
PER_SECOND: Final = 4
LOOKED_AT: Final = (Outcome.UNCHANGED, Outcome.PLANNED, Outcome.DRIFTED)

Tell = Callable[[Course], None]


@contextmanager
def progress(courses: Mapping[str, Course]) -> Iterator[Tell]:
    """What is to be told of every step, for as long as the block runs."""
    if not sys.stderr.isatty():
        yield tell_line
        return
    from rich.console import Console
    from rich.live import Live

    view = Live(
        get_renderable=lambda: glance(list(courses.values())),
        console=Console(stderr=True),
        refresh_per_second=PER_SECOND,
        transient=True,
    )
    with view:
        yield lambda _: None  # it looks by itself, again and again


def tell_line(course: Course) -> None:
    """Say which operation a host is at, or how it ended; nothing of one that is only looked at."""
    if course.result is None:
        if course.now not in (CONNECT, LOOK):
            click.echo(f"{course.host}: {course.now}", err=True)
    elif course.result.outcome not in LOOKED_AT:
        click.echo(f"{course.host}: {ended(course)}", err=True)


def ended(course: Course) -> str:
    """How it ended for a host, on one line."""
    if course.result is None:
        return ""
    took = f"{course.result.outcome} in {course.seconds:.1f} s"
    said = course.result.detail.partition("\n")[0]
    return f"{took}: {course.result.step}: {said}" if course.result.step else took


def glance(courses: list[Course]) -> "Group":
    """Hosts at this moment: a line each, or totals and those that are under way longest."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    small = len(courses) <= SMALL
    shown = Table(box=None, show_header=False, pad_edge=False)
    for course in courses if small else longest(courses):
        shown.add_row(*(Text(words, overflow="ellipsis") for words in (course.host, *line(course))))
    return Group(shown) if small else Group(Text(totals(courses)), shown)


def line(course: Course) -> tuple[str, str]:
    """How long a host has been at work, and where it is."""
    if course.result:
        return f"{course.seconds:.0f} s", ended(course)
    if course.began is None:
        return "", "waits for its turn"
    return f"{monotonic() - course.began:.0f} s", course.now


def totals(courses: list[Course]) -> str:
    """How many hosts are where."""
    counts = Counter(course.result.outcome for course in courses if course.result)
    over = [f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome]]
    running = sum(course.result is None and course.began is not None for course in courses)
    waiting = sum(course.result is None and course.began is None for course in courses)
    return ", ".join([f"{running} under way", f"{waiting} waiting", *over])


def longest(courses: list[Course]) -> list[Course]:
    """The hosts that are under way, those that began first before the others."""
    running = [each for each in courses if each.result is None and each.began is not None]
    return sorted(running, key=lambda each: each.began or 0)[:SHOWN]
