"""python -m lab up|down|status|reset|ssh"""

import argparse
import os
import sys

from lab import distros, hosts, lab
from lab.gpu import cards
from lab.shell import LabError, stage


def arguments(argv: list[str]) -> argparse.Namespace:
    """Read the command line; ends the program with a usage message if it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring the lab up, whatever is there now")
    up.add_argument("--hosts", type=int, default=3, metavar="N")
    up.add_argument("--distros", default=",".join(distros.DEFAULT), metavar="NAME,NAME")
    up.add_argument("--dirty", action="store_true", help="every third host as real ones are")
    up.add_argument(
        "--gpu", default=cards.NONE, metavar="KIND,KIND", help="simulated GPUs of hosts in turn"
    )
    up.add_argument("--upstream", action="store_true", help="Docker's own package source and Hub")
    commands.add_parser("down", help="remove the lab")
    commands.add_parser("status", help="say what is up")
    reset = commands.add_parser("reset", help="put hosts back into their starting state")
    reset.add_argument("names", nargs="+", metavar="NAME")
    reset.add_argument("--gpu", metavar="KIND", help="with other simulated GPUs")
    ssh = commands.add_parser("ssh", help="log in to a host, or run a command there")
    ssh.add_argument("name", metavar="NAME")
    ssh.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    return parser.parse_args(argv)


def ssh(name: str, words: list[str]) -> None:
    """Become ssh to that host. Raises LabError if the lab has no host of that name."""
    found = [host for host in hosts.load()["hosts"] if host["name"] == name]
    if not found:
        raise LabError(f"no host {name} in the lab; see `python -m lab status`")
    os.execvp("ssh", hosts.ssh_command(found[0], *words))


def main(argv: list[str]) -> int:
    """Do what the command line asks; return the exit code."""
    asked = arguments(argv)
    try:
        if asked.command == "up":
            names = asked.distros.replace(",", " ").split()
            with stage("lab up"):
                gpus = asked.gpu.replace(",", " ").split()
                lab.up(asked.hosts, names, asked.dirty, asked.upstream, gpus=gpus)
        elif asked.command == "down":
            lab.down()
        elif asked.command == "status":
            lab.status()
        elif asked.command == "reset":
            with stage("reset " + " ".join(asked.names)):
                hosts.reset(asked.names, asked.gpu)
        else:
            ssh(asked.name, asked.words)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


sys.exit(main(sys.argv[1:]))
