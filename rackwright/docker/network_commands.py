"""The command that makes a network of Docker's."""

import shlex

from rackwright.settings.networks import Network
from rackwright.steps.networks import LABEL


def create_network(name: str, network: Network) -> str:
    """`docker network create` for a network of the settings, which is marked as ours."""
    labels = {**network.labels, LABEL: name}
    words = (
        f"--driver={network.driver}",
        *([f"--subnet={network.subnet}"] if network.subnet else ()),
        *(["--internal"] if network.internal else ()),
        *(f"--label={key}={value}" for key, value in labels.items()),
        name,
    )
    return f"docker network create {shlex.join(words)}"
