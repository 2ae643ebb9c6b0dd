"""The last host of the lab freezes, and a run ends as soon as all others are over.

With `without`, it freezes too and is left out, so that both do the same around the run.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import pyinfra_cli  # noqa: F401, E402 - gevent's patches come first

from lab import containers, hosts  # noqa: E402
from lab.engine import docker  # noqa: E402
from rackwright.pace.converge import Converge  # noqa: E402
from rackwright.pace.course import Course  # noqa: E402
from rackwright.pace.fleet import Request, fleet  # noqa: E402
from rackwright.pace.progress import Tell  # noqa: E402
from rackwright.pace.task import load_task  # noqa: E402

names = [host["name"] for host in hosts.load()["hosts"]]
frozen = names[-1]


@contextmanager
def until_the_others_are_over(courses: Mapping[str, Course]) -> Iterator[Tell]:
    """Ends the process."""

    def tell(_: Course) -> None:
        over = {name for name, course in courses.items() if course.result}
        if over == set(names) - {frozen}:
            docker("unpause", containers.full_name(frozen))
            os._exit(0)

    yield tell


docker("pause", containers.full_name(frozen))
left_out = [frozen] if sys.argv[1] == "without" else []
there = fleet(Request("inventory/lab.py", exclude=left_out))
there.progress = until_the_others_are_over
there.work(Converge(there, load_task(there.state, "deploy.py")).apply)
sys.exit("the run ended before the other hosts were over")
