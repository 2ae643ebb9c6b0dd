"""A task for a fleet in waves: each is verified before the next one begins."""
