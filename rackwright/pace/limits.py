"""How many hosts at a time this machine has room for."""

from typing import Final

PER_HOST: Final = 4  # open files: the connection, one on its way through a jump host, uploads
OURS: Final = 100  # open files of Python, its modules and the report


def room(parallel: int, hosts: int, hard: int) -> int:
    """How many hosts at a time, where `hard` is the number of files that may ever be open."""
    return max(1, min(parallel, hosts, (hard - OURS) // PER_HOST))


def make_room(parallel: int, hosts: int) -> int:
    """As room() for this machine, and let the process open as many files as that needs."""
    try:
        from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit
    except ImportError:  # there is none on Windows
        return min(parallel, hosts)
    soft, hard = getrlimit(RLIMIT_NOFILE)
    fits = room(parallel, hosts, 2**20 if hard == RLIM_INFINITY else hard)
    needed = OURS + PER_HOST * fits
    if soft != RLIM_INFINITY and soft < needed:
        setrlimit(RLIMIT_NOFILE, (needed, hard))
    return fits
