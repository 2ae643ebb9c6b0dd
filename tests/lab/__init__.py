"""Tests on real hosts, in a lab of their own; each process of the tests has one."""

import os

# The lab reads it when it is imported, and pyinfra's inventory when it is run.
os.environ["LAB_NAME"] = "-".join(("test", *os.environ.get("PYTEST_XDIST_WORKER", "").split()))
