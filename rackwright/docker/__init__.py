"""What Docker is told: configuration, images, containers, networks, compose, as commands."""

from pathlib import Path
from typing import Final

DAEMON_SH: Final = Path(__file__).with_name("daemon.sh")  # scripts for hosts
BUILDS_SH: Final = Path(__file__).with_name("builds.sh")
API_SH: Final = Path(__file__).with_name("api.sh")
IMAGES_SH: Final = Path(__file__).with_name("images.sh")
CACHE_SH: Final = Path(__file__).with_name("cache.sh")
