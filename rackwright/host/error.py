"""What may go wrong with one host."""


class HostError(Exception):
    """One host did not do what it was asked to do; the message says why and what to do next."""
