"""Tests on real hosts, in a lab of their own."""

import os

# The lab reads it when it is imported, and pyinfra's inventory when it is run.
os.environ["LAB_NAME"] = "test"
