"""The lab's network: a subnet from Docker's own address pools, with addresses that stay."""

import ipaddress
import json

from lab.engine import LABEL, docker
from lab.machine import default_mtu
from lab.paths import lab_id
from lab.shell import LabError

NAME = f"rackwright-{lab_id()}"
SERVICES = 2
FIRST_HOST = 11


def ensure() -> str:
    """Create the network if it is not there; return its subnet, such as "172.18.0.0/16"."""
    subnet = find()
    if subnet is None:
        # Docker allows fixed addresses only in a subnet that was named by hand: let it choose a
        # free one, and ask for that one by name.
        create()
        chosen = find()
        docker("network", "rm", NAME)
        create(f"--subnet={chosen}")
        subnet = find()
    if subnet is None:
        raise LabError(f"the network {NAME} cannot be created; see `docker network ls`")
    return subnet


def create(*options: str) -> None:
    docker(
        *("network", "create", f"--label={LABEL}={lab_id()}"),
        f"--opt=com.docker.network.driver.mtu={default_mtu()}",
        *options,
        NAME,
    )


def find() -> str | None:
    """The subnet of the lab's network, None if the network is not there."""
    if not docker("network", "ls", "--quiet", f"--filter=name=^{NAME}$").strip():
        return None
    config = json.loads(docker("network", "inspect", NAME))[0]["IPAM"]["Config"]
    return str(config[0]["Subnet"])


def identity() -> str:
    """The network's id: another one after somebody removed the network and we made it again."""
    return docker("network", "inspect", "--format", "{{.Id}}", NAME).strip()


def address(subnet: str, number: int) -> str:
    """The address with that number in the subnet.

    Raises LabError when the subnet has no room for it.
    """
    network = ipaddress.ip_network(subnet)
    if number >= network.num_addresses - 1:
        raise LabError(f"the lab's network {subnet} has no room for that many hosts; ask for fewer")
    return str(network[number])
