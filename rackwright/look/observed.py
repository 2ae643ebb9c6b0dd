"""What is: one host at one moment, as typed data; answer.py makes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from rackwright.look.builds import BuildsSeen
from rackwright.look.cache_seen import CacheSeen
from rackwright.look.gpu import Gpus
from rackwright.look.host_lock import HostLock
from rackwright.look.images import Images
from rackwright.look.package import Package as Package
from rackwright.look.sources_seen import SourcesSeen
from rackwright.look.workload import Workload

Action = Literal["start", "reload", "restart"]
# What an earlier run left open: daemon.json is not in force yet, or only the verification.
Unfinished = Literal["reload", "verify"]


class ProbeError(ValueError):
    """The probe's answer cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Running:
    """A container that runs: USER/NAME on a user's own daemon, `state` and `image` as docker ps."""

    name: str
    state: str = "running"
    image: str = ""


@dataclass(frozen=True)
class Engine:
    """The daemon that answers on the host, with the configuration that is in force."""

    version: str
    registry_mirrors: tuple[str, ...] = ()
    insecure_registries: tuple[str, ...] = ()
    live_restore: bool = False
    swarm: bool = False
    debug: bool = False
    labels: tuple[str, ...] = ()
    log_driver: str = "json-file"
    data_root: str = "/var/lib/docker"
    # What it keeps, in words; "" when that is nothing.
    holds: str = ""
    images_in_containerd: bool = False
    containers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observed:
    """One host at one moment. Absent things are None or empty; nothing is guessed.

    Keys are fingerprints: `keyring` has those of Docker's keyring, `trusted_keyrings`, by path,
    those that apt trusts for every repository, other than the distribution's own. In `apt_sources`
    bytes that are not UTF-8 are surrogates (PEP 383). `rootless_users` are those whom Rackwright
    gave a daemon of their own, `rootless_ready` those whose daemon is as it should be, and
    `rootless_containers` run on these, as USER/NAME; `running` has the same containers and the
    engine's, with their images. `holds` are the packages that Rackwright put
    on hold, `offered` is the newest engine in the package lists that the host has. `workload` and
    `gpus` are None where nobody asked for them, `gpus` also where there is no device of NVIDIA's.
    `greeting` is what the login prints before every command.
    """

    uid: int
    through_sudo: bool
    distro: str
    release: str
    codename: str
    architecture: str
    packages: Mapping[str, Package] = field(default_factory=dict)
    # What apt would take off together with the packages that stand in Docker's way.
    dependents: tuple[str, ...] = ()
    holds: frozenset[str] = frozenset()
    offered: str | None = None
    dpkg_interrupted: bool = False
    apt_lists_fresh: bool = False
    apt_sources: Mapping[str, str] = field(default_factory=dict)
    keyring: frozenset[str] | None = None
    trusted_keyrings: Mapping[str, frozenset[str]] = field(default_factory=dict)
    daemon_json: str | None = None
    mirrors_json: str | None = None
    http_client: bool = False
    owned_keys: Mapping[str, JsonValue] = field(default_factory=dict)
    drop_ins: Mapping[str, str] = field(default_factory=dict)
    # Whether a drop-in of the admin's gives docker.service its command line.
    own_exec_start: bool = False
    # Keys of daemon.json that the running daemon lacks; None when no restart is pending.
    restart_pending: frozenset[str] | None = None
    logins_json: str | None = None
    logins: frozenset[tuple[str, str]] = frozenset()
    unfinished: Unfinished | None = None
    docker_group: frozenset[str] | None = None
    users: frozenset[str] = frozenset()
    rootless_users: frozenset[str] = frozenset()
    rootless_ready: frozenset[str] = frozenset()
    rootless_containers: tuple[str, ...] = ()
    running: tuple[Running, ...] = ()
    unit: Mapping[str, str] = field(default_factory=dict)
    engine: Engine | None = None
    sources: SourcesSeen = field(default_factory=SourcesSeen)
    cache: CacheSeen = field(default_factory=CacheSeen)
    images: Images | None = None
    builds: BuildsSeen | None = None
    workload: Workload | None = None
    host_lock: HostLock = field(default_factory=HostLock)
    greeting: str = ""
    gpus: Gpus | None = None

    @property
    def has_systemd(self) -> bool:
        """Whether systemd runs the host's services."""
        return bool(self.unit)

    @property
    def silent(self) -> bool:
        """Whether Docker runs, or starts, and does not answer: what runs in it is not known."""
        state = self.unit.get("ActiveState")
        # One that ended by itself, and is started again in a moment, runs at no time of that.
        starts = state == "activating" and self.unit.get("SubState") != "auto-restart"
        return self.engine is None and (state == "active" or starts)
