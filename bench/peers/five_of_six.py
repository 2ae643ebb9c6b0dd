"""The last host of the lab freezes at a point, and the run ends as soon as all others are over.

The point is where the host is in its course, such as "connect", "observe" or "Engine"; it freezes
nowhere with "nowhere", and is no part of the run with "left out". A run in which it is over without
having come to its point fails.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import pyinfra_cli  # noqa: F401, E402 - gevent's patches come first
from gevent.lock import BoundedSemaphore  # noqa: E402

from lab import containers, hosts  # noqa: E402
from lab.engine import docker  # noqa: E402
from rackwright.pace.converge import Converge  # noqa: E402
from rackwright.pace.course import Course  # noqa: E402
from rackwright.pace.fleet import Request, fleet  # noqa: E402
from rackwright.pace.progress import Tell  # noqa: E402
from rackwright.pace.task import load_task  # noqa: E402

NOT_FROZEN = ("nowhere", "left out")

point = sys.argv[1]
*others, odd = (host["name"] for host in hosts.load()["hosts"])
is_frozen = False


@contextmanager
def until_the_others_are_over(courses: Mapping[str, Course]) -> Iterator[Tell]:
    """Freezes the odd host at its point, and ends the process."""
    # Other hosts go on while Docker freezes one; who is over then waits until it is frozen.
    one_at_a_time = BoundedSemaphore()

    def tell(course: Course) -> None:
        with one_at_a_time:
            freeze_or_end(course)

    def freeze_or_end(course: Course) -> None:
        global is_frozen
        if course.host == odd and course.step.startswith(point) and not is_frozen:
            is_frozen = True
            docker("pause", containers.full_name(odd))
        if all(courses[name].result for name in others):
            if is_frozen:
                docker("unpause", containers.full_name(odd))
            missed = point not in NOT_FROZEN and not is_frozen and courses[odd].result
            os._exit(1 if missed else 0)

    yield tell


left_out = [odd] if point == "left out" else []
there = fleet(Request("inventory/lab.py", exclude=left_out))
there.progress = until_the_others_are_over
there.work(Converge(there, load_task(there.state, "deploy.py")).apply)
sys.exit("the run ended before the other hosts were over")
