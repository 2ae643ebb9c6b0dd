"""What holds for all tests."""

import os

from hypothesis import settings

from rackwright.report.place import OFF, VARIABLE

# A busy machine is no failure; budgets of time are the benchmarks' business.
settings.register_profile("rackwright", deadline=None)
settings.load_profile("rackwright")

# Runs of the tests, also those in processes of their own, leave no reports unless they say where.
os.environ[VARIABLE] = OFF
