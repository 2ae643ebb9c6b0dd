"""What the exit code of the rackwright command means; 0 is: all is well."""

from typing import Final

DRIFT: Final = 2  # a host differs from its settings
FAILED: Final = 3  # one host or more did not do it, or was out of reach
SETTINGS: Final = 4  # settings, inventory or command line are wrong; no host was touched
REFUSED: Final = 5  # not done, because nobody said that it may be; nothing was changed
