"""What tasks must agree on: the files that Rackwright leaves on a host, and apt's patience."""

from typing import Final

# Seconds that apt waits for its turn: fresh machines run unattended-upgrades.
LOCK_TIMEOUT: Final = "-o DPkg::Lock::Timeout=300"

STATE: Final = "/var/lib/rackwright"
# Holds what an interrupted run left open (observed.Unfinished); absent when nothing is.
UNFINISHED: Final = f"{STATE}/unfinished"
# The admin's files as they were before they were replaced: a tar archive for each run.
BACKUPS: Final = "/var/backups/rackwright"
# A definition of the repository on trial, where apt does not look by itself.
STAGING: Final = f"{STATE}/docker.sources"
