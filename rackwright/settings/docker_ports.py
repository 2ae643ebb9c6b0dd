"""Ports of containers, and those of the host that they take: docker run --publish."""

import re
from ipaddress import ip_address
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator

from rackwright.settings.docker_values import line

_PORT = re.compile(
    r"(?:(?:(?P<ip>[0-9.]+|\[[0-9A-Fa-f:]+\]):)?(?P<host>\d+(?:-\d+)?):)?"
    r"(?P<inside>\d+(?:-\d+)?)(?:/(?P<protocol>tcp|udp|sctp))?",
    re.ASCII,
)


class Published(NamedTuple):
    """A port of the host that a container takes: address ("" for all), protocol, number."""

    ip: str
    protocol: str
    port: int


def _port(value: Any) -> Any:
    value = line(value)
    if isinstance(value, str):
        published(value)
    return value


def published(value: str) -> tuple[Published, ...]:
    """The ports of the host that a port of docker run takes; () where Docker chooses.

    Raises ValueError.
    """
    found = _PORT.fullmatch(value)
    if not found:
        raise ValueError("write a port as [[IP:]HOST:]CONTAINER[/tcp|udp|sctp]")
    ip = ip_address(found["ip"].strip("[]")).compressed if found["ip"] else ""
    outside, inside = _range(found["host"]), _range(found["inside"])
    if outside and len(outside) != len(inside):
        raise ValueError("the two ranges of ports are not of one length")
    everywhere = ip in ("0.0.0.0", "::")  # noqa: S104  compared, not bound
    protocol = found["protocol"] or "tcp"
    return tuple(Published("" if everywhere else ip, protocol, port) for port in outside)


def _range(value: str | None) -> range:
    if value is None:
        return range(0)
    first, _, last = value.partition("-")
    ports = range(int(first), int(last or first) + 1)
    if not ports or ports[0] < 1 or ports[-1] > 65535:
        raise ValueError("ports are numbers from 1 to 65535")
    return ports


Port = Annotated[str, BeforeValidator(_port)]
