"""python -m bench [CASE ...]: side by side with other ways to do the same."""

import argparse
import sys

from rich.console import Console

from bench import pages, practice, report, turns
from bench.cases import CASES, Case
from lab.shell import LabError


def arguments(argv: list[str]) -> argparse.Namespace:
    """Read the command line; ends the program with a usage message if it is wrong."""
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(names)}; all")
    parser.add_argument("--rounds", type=int, metavar="N", help="instead of each case's own number")
    parser.add_argument("--quick", action="store_true", help="one round, nothing saved")
    parser.add_argument("--keep-lab", action="store_true", help="leave the hosts up at the end")
    asked = parser.parse_args(argv)
    if unknown := set(asked.cases) - set(names):
        parser.error(f"no case {', '.join(sorted(unknown))}; choose from {', '.join(names)}")
    if asked.rounds is not None and asked.rounds < 1:
        parser.error("--rounds: at least 1")
    return asked


def run(chosen: list[Case], rounds: int | None, keep: bool) -> None:
    """Measure the cases one after the other, say how each came out, and keep it if asked to."""
    console = Console()
    for case in chosen:
        console.print(f"[bold]{case.name}[/bold]: {case.title}")
        measured = turns.measure(case, rounds or case.rounds)
        console.print(report.table(measured))
        console.print(report.budget(measured), highlight=False, soft_wrap=True)
        if keep:
            pages.save(measured)


def main(argv: list[str]) -> int:
    """Do what the command line asks; return the exit code. A missed budget is not a failure."""
    asked = arguments(argv)
    chosen = [case for case in CASES if not asked.cases or case.name in asked.cases]
    try:
        try:
            run(chosen, 1 if asked.quick else asked.rounds, keep=not asked.quick)
        finally:
            if not asked.keep_lab:
                practice.down()
    except LabError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


sys.exit(main(sys.argv[1:]))
