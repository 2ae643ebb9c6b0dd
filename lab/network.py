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
DOCKER0 = "172.17.0.0/16"  # the first of Docker's default address pools


def ensure() -> str:
    """Create the network if it is not there; return its subnet, such as "172.18.0.0/16"."""
    if find() is None:
        # Docker allows fixed addresses only in a subnet that was named by hand: let it choose a
        # free one, and ask for that one by name.
        create(NAME, f"--subnet={free_subnet()}")
    subnet = find()
    if subnet is None:
        raise LabError(f"the network {NAME} cannot be created; see `docker network ls`")
    return subnet


def free_subnet() -> str | None:
    """A subnet that nothing on this machine has, and that no daemon in a host takes for docker0.

    A rootless daemon has a network namespace of its own: it does not see the host's addresses, and
    takes the first subnet for its docker0, which would hide the lab's services.
    """
    created: list[str] = []
    try:
        while not created or find(created[-1]) == DOCKER0:
            created.append(f"{NAME}-choice-{len(created)}")
            create(created[-1])
        return find(created[-1])
    finally:
        docker("network", "rm", *created)


def create(name: str, *options: str) -> None:
    docker(
        *("network", "create", f"--label={LABEL}={lab_id()}"),
        f"--opt=com.docker.network.driver.mtu={default_mtu()}",
        *options,
        name,
    )


def find(name: str = NAME) -> str | None:
    """The subnet of that network, None if the network is not there."""
    if not docker("network", "ls", "--quiet", f"--filter=name=^{name}$").strip():
        return None
    config = json.loads(docker("network", "inspect", name))[0]["IPAM"]["Config"]
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
