"""What holds for all tests."""

import os

# Each process of the tests has a lab of its own. The lab reads the name when it is imported, and
# the inventory of practice hosts when it is run.
os.environ["LAB_NAME"] = "-".join(("test", *os.environ.get("PYTEST_XDIST_WORKER", "").split()))

from gevent import monkey
from hypothesis import settings

from rackwright.report.place import OFF, VARIABLE

# A busy machine is no failure; budgets of time are the benchmarks' business.
settings.register_profile("rackwright", deadline=None)
settings.load_profile("rackwright")

# pyinfra's command line patches the standard library for gevent as soon as it is imported, which
# pytest-xdist's own threads do not survive. No host of the tests in this process needs it.
monkey.patch_all = lambda: None

# Runs of the tests, also those in processes of their own, leave no reports unless they say where.
os.environ[VARIABLE] = OFF
