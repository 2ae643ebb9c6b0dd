"""What holds for all tests."""

from hypothesis import settings

# A busy machine is no failure; budgets of time are the benchmarks' business.
settings.register_profile("rackwright", deadline=None)
settings.load_profile("rackwright")
