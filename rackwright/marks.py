"""The files that Rackwright leaves on a host for itself and for its admin."""

from typing import Final

STATE: Final = "/var/lib/rackwright"
# Holds what an interrupted run left open (observed.Unfinished); absent when nothing is.
UNFINISHED: Final = f"{STATE}/unfinished"
# The admin's files as they were before they were replaced: a tar archive for each run.
BACKUPS: Final = "/var/backups/rackwright"
# A definition of the repository on trial, where apt does not look by itself.
STAGING: Final = f"{STATE}/docker.sources"
