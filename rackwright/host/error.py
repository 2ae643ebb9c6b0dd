"""What may go wrong with one host."""


class HostError(Exception):
    """One host did not do what it was asked to do; the message says why and what to do next."""


class RefusedError(ValueError):
    """A host that must not be touched; `reasons` says why and what to do, a sentence each."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))
