"""Runs the contenders of a case in turns, as whole processes, and times them."""

import os
import platform
import time
from datetime import date
from importlib.metadata import version

from bench import cases, practice
from bench.cases import Case, Site
from bench.result import Result, result
from lab.shell import stage


def measure(case: Case, rounds: int) -> Result:
    """Bring the hosts up, warm up, count, then time all contenders in every round."""
    there = practice.ready(case)
    contenders = cases.contenders(case, there)
    commands = {}
    with stage("warm-up, remote commands counted"):
        for name, command in contenders.items():
            commands[name] = count(case, there, command)
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        with stage(f"round {number + 1} of {rounds}"):
            for name, command in contenders.items():
                seconds[name].append(timed(case, there, command))
    return result(case, date.today().isoformat(), machine(), seconds, commands)


def count(case: Case, there: Site, command: list[str]) -> list[int]:
    """Remote commands of one run, by host."""
    practice.prepare(case)
    return practice.counted(lambda: practice.execute(command))


def timed(case: Case, there: Site, command: list[str]) -> float:
    """Seconds of one run. Raises LabError when it fails, or leaves a bare host not as wanted."""
    practice.prepare(case)
    started = time.perf_counter()
    practice.execute(command)
    took = time.perf_counter() - started
    if case.bare:
        practice.execute(cases.check(there))
    return took


def machine() -> dict[str, str | int]:
    """What the numbers depend on."""
    return {
        "cores": os.cpu_count() or 0,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "pyinfra": version("pyinfra"),
        "ssh": practice.version_of_ssh(),
    }
