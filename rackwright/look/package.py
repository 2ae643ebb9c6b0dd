"""A package as dpkg knows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """A package as dpkg knows it: `status` is db:Status-Abbrev, "ii" when all is well."""

    version: str
    status: str

    @property
    def whole(self) -> bool:
        """Installed, and not left half-way."""
        return self.status[1:] == "i"

    @property
    def held(self) -> bool:
        """On hold: apt moves it only when told twice (apt-mark(8))."""
        return self.status[0] == "h"
