"""How far a run is, on standard error: a line for every step of every host."""

import click

from rackwright.pace.course import CONNECT, LOOK, Course


def tell_line(course: Course) -> None:
    """Say where a host is, or how it ended; not how it is reached and looked at, as all are."""
    if course.result is None:
        if course.step not in (CONNECT, LOOK):
            click.echo(f"{course.host}: {course.step}", err=True)
        return
    reason = f": {course.result.step}: {course.result.detail}" if course.result.step else ""
    click.echo(
        f"{course.host}: {course.result.outcome} in {course.seconds:.1f} s{reason}", err=True
    )
