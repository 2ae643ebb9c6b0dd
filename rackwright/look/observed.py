"""What is: the typed answer of probe.sh, parsed without touching a host."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from pydantic import JsonValue

from rackwright.laptop import openpgp
from rackwright.look import sources_seen
from rackwright.look.images import Images, parse_images
from rackwright.look.sources_seen import SourcesSeen
from rackwright.look.workload import BEGIN as WORKLOAD
from rackwright.look.workload import END as WORKLOAD_END
from rackwright.look.workload import Workload, parse_workload

BEGIN, END = "@@rackwright-begin", "@@rackwright-end"
Action = Literal["start", "reload", "restart"]
# What an earlier run left open: daemon.json is not in force yet, or only the verification.
Unfinished = Literal["reload", "verify"]

# Keys of the answer whose value is a path and the content of that file.
_FILES = (
    "apt_source",
    "daemon_json",
    "drop_in",
    "keyring",
    "logins_json",
    "mirrors_json",
    "owned_keys",
    "restart_pending",
    "trusted_keyring",
    "unfinished",
    *sources_seen.FILES,
)


class ProbeError(ValueError):
    """The probe's answer cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Package:
    """A package as dpkg knows it: `status` is db:Status-Abbrev, "ii" when all is well."""

    version: str
    status: str

    @property
    def whole(self) -> bool:
        """Installed, and not left half-way."""
        return self.status[1:] == "i"

    @property
    def held(self) -> bool:
        """On hold: apt moves it only when told twice (apt-mark(8))."""
        return self.status[0] == "h"


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
    `rootless_containers` run on these, as USER/NAME. `holds` are the packages that Rackwright put
    on hold, `offered` is the newest engine in the package lists that the host has. `workload` is
    None where nobody asked for it.
    """

    uid: int
    through_sudo: bool
    distro: str
    release: str
    codename: str
    architecture: str
    packages: Mapping[str, Package] = field(default_factory=dict)
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
    restart_pending: bool = False
    logins_json: str | None = None
    logins: frozenset[tuple[str, str]] = frozenset()
    unfinished: Unfinished | None = None
    docker_group: frozenset[str] | None = None
    users: frozenset[str] = frozenset()
    rootless_users: frozenset[str] = frozenset()
    rootless_ready: frozenset[str] = frozenset()
    rootless_containers: tuple[str, ...] = ()
    unit: Mapping[str, str] = field(default_factory=dict)
    engine: Engine | None = None
    sources: SourcesSeen = field(default_factory=SourcesSeen)
    images: Images | None = None
    workload: Workload | None = None

    @property
    def has_systemd(self) -> bool:
        """Whether systemd runs the host's services."""
        return bool(self.unit)


def parse(lines: Iterable[str]) -> Observed:
    """Observed from the lines that a remote login printed, banners and all.

    Raises ProbeError when the probe did not run, or not to its end.
    """
    lines = list(lines)
    values = values_by_key(between_marks(lines))
    packages = (line.split() for line in values.get("package", ()))
    files = {
        key: {
            path: _content(content)
            for path, _, content in (line.partition(" ") for line in values.get(key, ()))
        }
        for key in _FILES
    }
    one = {key: found[0] for key, found in values.items()}
    unit = dict(line.split(" ", 1) for line in values.get("unit", ()) if " " in line)
    keyrings = {path: openpgp.fingerprints(key) for path, key in files["trusted_keyring"].items()}
    try:
        return Observed(
            uid=int(one["uid"]),
            through_sudo="through_sudo" in one,
            distro=one.get("distro", ""),
            release=one.get("release", ""),
            codename=one.get("codename", ""),
            architecture=one.get("architecture", ""),
            packages={name: Package(version, status) for name, version, status in packages},
            holds=frozenset(values.get("hold", ())),
            offered=one.get("offered"),
            dpkg_interrupted="dpkg_interrupted" in one,
            apt_lists_fresh="apt_lists_fresh" in one,
            apt_sources={
                path: text.decode(errors="surrogateescape")
                for path, text in files["apt_source"].items()
            },
            keyring=next(map(openpgp.fingerprints, files["keyring"].values()), None),
            trusted_keyrings=keyrings,
            daemon_json=_text(files["daemon_json"]),
            owned_keys=_object(_text(files["owned_keys"])),
            drop_ins={path: text.decode() for path, text in files["drop_in"].items()},
            own_exec_start="own_exec_start" in one,
            # systemd gives every start of a service an InvocationID of its own.
            restart_pending=bool(unit.get("InvocationID"))
            and (_text(files["restart_pending"]) or "").strip() == unit["InvocationID"],
            mirrors_json=_text(files["mirrors_json"]),
            http_client="http_client" in one,
            logins_json=_text(files["logins_json"]),
            logins=frozenset(_pair(line) for line in values.get("login", ())),
            unfinished=_unfinished(_text(files["unfinished"])),
            docker_group=_members(one.get("docker_group")),
            users=frozenset(values.get("user", ())),
            rootless_users=frozenset(values.get("rootless_user", ())),
            rootless_ready=frozenset(values.get("rootless_ready", ())),
            rootless_containers=tuple(values.get("rootless_container", ())),
            unit=unit,
            engine=_engine(one, tuple(values.get("container", ()))),
            sources=sources_seen.seen(files),
            images=parse_images(values) if one.get("engine_version") else None,
            workload=_workload(lines),
        )
    except (KeyError, ValueError) as error:
        raise ProbeError(f"the probe's answer cannot be read: {error!r}") from error


def between_marks(lines: Iterable[str], begin: str = BEGIN, end: str = END) -> list[str]:
    """What a script of ours printed, without what the login said. Raises ProbeError."""
    stripped = [line.strip() for line in lines]
    if begin not in stripped:
        said = " / ".join(line for line in stripped if line)[-300:] or "nothing"
        raise ProbeError(f"the host did not run the probe; it said: {said}")
    first = stripped.index(begin)
    if end not in stripped[first:]:
        raise ProbeError(f"the probe broke off; its last line was: {stripped[-1][:300]}")
    return stripped[first + 1 : stripped.index(end, first)]


def values_by_key(lines: Iterable[str]) -> dict[str, list[str]]:
    """The values of all lines "KEY VALUE", in order, by their key."""
    values: dict[str, list[str]] = {}
    for line in lines:
        key, _, value = line.partition(" ")
        values.setdefault(key, []).append(value)
    return values


def _workload(lines: list[str]) -> Workload | None:
    if not any(line.strip() == WORKLOAD for line in lines):
        return None
    return parse_workload(values_by_key(between_marks(lines, WORKLOAD, WORKLOAD_END)))


def _text(files: Mapping[str, bytes]) -> str | None:
    return next((content.decode(errors="replace") for content in files.values()), None)


def _content(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ProbeError(f"the probe's answer was cut or changed on its way: {error}") from error


def _pair(line: str) -> tuple[str, str]:
    user, _, registry = line.partition(" ")
    return user, registry


def _members(group: str | None) -> frozenset[str] | None:
    if group is None:
        return None
    return frozenset(name for name in group.rpartition(":")[2].split(",") if name)


def _unfinished(mark: str | None) -> Unfinished | None:
    if mark is None:
        return None
    # A mark that was cut short still says that a run did not get to its end.
    return next((action for action in get_args(Unfinished) if mark.strip() == action), "verify")


def _object(text: str | None) -> dict[str, JsonValue]:
    try:
        found = json.loads(text or "{}")
    except ValueError:  # cut short by a power cut: then no key is known to be ours
        return {}
    return found if isinstance(found, dict) else {}


def _engine(one: Mapping[str, str], containers: tuple[str, ...]) -> Engine | None:
    if not one.get("engine_version"):
        return None
    registries = json.loads(one["engine_registries"])
    # docker info shows an insecure host under IndexConfigs and an insecure network as a CIDR.
    insecure = [
        name for name, index in registries.get("IndexConfigs", {}).items() if not index["Secure"]
    ]
    return Engine(
        version=one["engine_version"],
        registry_mirrors=tuple(registries.get("Mirrors") or ()),
        insecure_registries=(*insecure, *(registries.get("InsecureRegistryCIDRs") or ())),
        live_restore=one.get("engine_live_restore") == "true",
        swarm=one.get("engine_swarm", "inactive") not in ("inactive", ""),
        debug=one.get("engine_debug") == "true",
        labels=tuple(json.loads(one["engine_labels"]) or ()),
        log_driver=one["engine_log_driver"],
        data_root=one.get("data_root_as_asked", one["engine_data_root"]),
        holds=_holds(one),
        images_in_containerd="io.containerd.snapshotter" in one.get("engine_storage", ""),
        containers=containers,
    )


def _holds(one: Mapping[str, str]) -> str:
    counted = (
        (int(one["engine_all_containers"]), "container"),
        (int(one.get("volumes", 0)), "volume"),
        (int(one["engine_images"]), "image"),
    )
    words = [f"{n} {what}{'s' if n > 1 else ''}" for n, what in counted if n]
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
