"""The parts of a host's plan, in the order in which they build on one another. Pure."""
