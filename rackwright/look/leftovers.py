"""What is left of Docker on a host: the typed answer of purge.sh, beside what probe.sh tells."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rackwright.look.answer import between_marks, values_by_key
from rackwright.look.observed import Package, ProbeError


@dataclass(frozen=True)
class Shim:
    """The process that keeps a container running: its namespace in containerd, its ID."""

    namespace: str
    container: str
    address: str


@dataclass(frozen=True)
class Leftovers:
    """`packages` has those of which only the configuration is left ("rc"), too.

    `paths` are those of the asked ones that are there, `credentials` files by their user,
    `group` the members of the host's own group docker, with those who have it as their first.
    `dependents` are packages that apt would take off together with Docker's.
    """

    packages: Mapping[str, Package] = field(default_factory=dict)
    dependents: tuple[str, ...] = ()
    paths: frozenset[str] = frozenset()
    data_root_entries: frozenset[str] = frozenset()
    containers: int = 0
    volumes: int = 0
    shims: tuple[Shim, ...] = ()
    group: frozenset[str] | None = None
    credentials: Mapping[str, str] = field(default_factory=dict)


def parse_leftovers(lines: Iterable[str]) -> Leftovers:
    """Leftovers from the lines that a remote login printed.

    Raises ProbeError when the script did not run, or not to its end.
    """
    values = values_by_key(between_marks(lines))
    group = None
    if "group" in values:
        members = values["group"][0].rpartition(":")[2].split(",")
        group = frozenset({*filter(None, members), *values.get("primary", ())})
    try:
        return Leftovers(
            packages=dict(_package(line) for line in values.get("package", ())),
            dependents=tuple(values.get("dependent", ())),
            paths=frozenset(values.get("path", ())),
            data_root_entries=frozenset(values.get("data_root_entry", ())),
            containers=int(values["containers"][0]),
            volumes=int(values["volumes"][0]),
            shims=tuple(Shim(*line.split()) for line in values.get("shim", ())),
            group=group,
            credentials={
                user: path
                for user, _, path in (line.partition(" ") for line in values.get("credentials", ()))
            },
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ProbeError(f"the answer about what is left cannot be read: {error!r}") from error


def _package(line: str) -> tuple[str, Package]:
    # One that was never installed, but is held, has no version.
    name, status, *version = line.split()
    return name, Package("".join(version), status)
