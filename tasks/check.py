"""pyinfra -y INVENTORY tasks.check.check: has any host drifted?"""

from pyinfra import host

from rackwright.check import check_host


def check() -> None:
    """Compare the host of this moment with its settings and its lock file; change nothing.

    A host that differs is failed, so that pyinfra's exit code is 1.
    """
    check_host(host)
