"""What single values of containers must look like: Docker's own grammars, and no second line.

They end up in command lines on the host, and some of them in a line of a file.
"""

import re
import shlex
from ipaddress import ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

# moby, daemon/names: RestrictedNamePattern; a volume has two characters at least.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{1,127}")
# compose-spec, spec.md, "Name top-level element".
_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# docker run --volume. Propagation and labels of SELinux are options too.
# fmt: off
_MOUNT_OPTIONS = frozenset({
    "ro", "rw", "z", "Z", "nocopy",
    "private", "rprivate", "rshared", "rslave", "shared", "slave",
})
# fmt: on
_NETWORK_MODES = ("bridge", "host", "none")
OURS = "rackwright."


def line(value: Any) -> Any:
    """A number or one line as text. Raises ValueError for more lines and control characters."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
        raise ValueError("write one line, without control characters")
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value) or ".rackwright-" in value:
        raise ValueError(
            "a name here has at least two letters, digits and _ . -, the first a letter or digit, "
            "and no .rackwright- in it"
        )
    return value


def _network(value: str) -> str:
    if value in (*_NETWORK_MODES, "default", "ingress"):
        raise ValueError(f"{value} is a network of Docker's own")
    return _name(value)


def _project(value: str) -> str:
    if not _PROJECT.fullmatch(value):
        raise ValueError("a project has only small letters, digits and _ -, and neither in front")
    return value


def _variable(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", value):
        raise ValueError(
            "a variable has only letters, digits and _ . -, and begins with a letter or _"
        )
    return value


def _label(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_./-]*", value):
        raise ValueError("a label has only letters, digits and _ . / -")
    if value.startswith((OURS, "com.docker.")):
        raise ValueError(f"labels of {value.split('.')[0]} are not yours to set")
    return value


def _mount(value: str) -> str:
    source, _, rest = value.partition(":")
    target, _, options = rest.partition(":")
    if not source.startswith("/") and not _NAME.fullmatch(source):
        raise ValueError("write VOLUME:/PATH[:OPTIONS] or /PATH:/PATH[:OPTIONS]")
    if not target.startswith("/") or target == "/":
        raise ValueError("the second part is an absolute path in the container, and not / itself")
    if unknown := set(filter(None, options.split(","))) - _MOUNT_OPTIONS:
        raise ValueError(f"there is no option {', '.join(sorted(unknown))}")
    return str(line(value))


def _subnet(value: str) -> str:
    return str(ip_network(value))


def _gpus(value: Any) -> str:
    if value == "all" or (type(value) is int and value > 0):
        return str(value)
    devices = [str(each) for each in value] if isinstance(value, list | tuple) else []
    if not devices or not all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9/-]*", each) for each in devices):
        raise ValueError('write "all", how many, or a list of their numbers or IDs')
    # docker run reads a line of CSV.
    return f'"device={",".join(devices)}"'


def _words(value: Any) -> Any:
    return shlex.split(value) if isinstance(value, str) else value


def matching(pattern: str, what: str) -> AfterValidator:
    """A validator for whole matches of a pattern; `what` says what to write."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(what)
        return value

    return AfterValidator(check)


Line = Annotated[str, BeforeValidator(line)]
Name = Annotated[str, AfterValidator(_name)]
NetworkName = Annotated[str, AfterValidator(_network)]
Project = Annotated[str, AfterValidator(_project)]
Variable = Annotated[str, AfterValidator(_variable)]
Label = Annotated[str, AfterValidator(_label)]
Mount = Annotated[str, AfterValidator(_mount)]
Subnet = Annotated[str, AfterValidator(_subnet)]
Words = Annotated[tuple[Line, ...], BeforeValidator(_words)]
Duration = Annotated[str, matching(r"(\d+(ms|s|m|h))+", 'write a time like "30s" or "1m30s"')]
Size = Annotated[str, matching(r"\d+[bkmgBKMG]?", 'write a size like "64m" or "8g"')]
Ulimit = Annotated[
    str,
    BeforeValidator(line),
    matching(r"(-1|\d+)(:(-1|\d+))?", 'write a limit like 65536 or "1024:65536"; -1 is no limit'),
]
UserAndGroup = Annotated[
    str,
    matching(r"[A-Za-z0-9_][\w.-]*(:[A-Za-z0-9_][\w.-]*)?", "write USER or USER:GROUP"),
]
InsidePath = Annotated[
    str, BeforeValidator(line), matching(r"/.*", "write an absolute path in the container")
]
HostName = Annotated[
    str,
    matching(
        r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*",
        "a host name has only letters, digits, - and dots",
    ),
]
Restart = Annotated[
    str,
    matching(
        r"no|always|unless-stopped|on-failure(:\d+)?",
        "write no, always, unless-stopped, on-failure or on-failure:TIMES",
    ),
]
Gpus = Annotated[str, BeforeValidator(_gpus)]
