"""What is: the typed answer of probe.sh, parsed without touching a host."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from rackwright import openpgp

BEGIN, END = "@@rackwright-begin", "@@rackwright-end"
Action = Literal["start", "reload", "restart"]
# What an earlier run left open: the action on docker.service, or only the verification.
Unfinished = Literal["start", "reload", "restart", "verify"]


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


@dataclass(frozen=True)
class Engine:
    """The daemon that answers on the host, with the configuration that is in force."""

    version: str
    registry_mirrors: tuple[str, ...] = ()
    insecure_registries: tuple[str, ...] = ()
    live_restore: bool = False
    containers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observed:
    """One host at one moment. Absent things are None or empty; nothing is guessed."""

    uid: int
    through_sudo: bool
    distro: str
    release: str
    codename: str
    architecture: str
    packages: Mapping[str, Package] = field(default_factory=dict)
    dpkg_interrupted: bool = False
    apt_lists_fresh: bool = False
    apt_sources: Mapping[str, str] = field(default_factory=dict)
    keyring: frozenset[str] = frozenset()
    daemon_json: str | None = None
    unfinished: Unfinished | None = None
    docker_group: frozenset[str] | None = None
    users: frozenset[str] = frozenset()
    unit: Mapping[str, str] = field(default_factory=dict)
    engine: Engine | None = None

    @property
    def has_systemd(self) -> bool:
        """Whether systemd runs the host's services."""
        return bool(self.unit)


def parse(lines: Iterable[str]) -> Observed:
    """Observed from the lines that a remote login printed, banners and all.

    Raises ProbeError when the probe did not run, or not to its end.
    """
    values = _values(_between_marks(list(lines)))
    packages = (line.split() for line in values.get("package", ()))
    files = {
        (key, path): _text(content)
        for key in ("apt_source", "keyring", "daemon_json", "unfinished")
        for path, _, content in (line.partition(" ") for line in values.get(key, ()))
    }
    one = {key: found[0] for key, found in values.items()}
    by_key = {key: content for (key, _), content in files.items()}
    try:
        return Observed(
            uid=int(one["uid"]),
            through_sudo="through_sudo" in one,
            distro=one.get("distro", ""),
            release=one.get("release", ""),
            codename=one.get("codename", ""),
            architecture=one.get("architecture", ""),
            packages={name: Package(version, status) for name, version, status in packages},
            dpkg_interrupted="dpkg_interrupted" in one,
            apt_lists_fresh="apt_lists_fresh" in one,
            apt_sources={path: text for (key, path), text in files.items() if key == "apt_source"},
            keyring=openpgp.fingerprints(by_key.get("keyring", "").encode()),
            daemon_json=by_key.get("daemon_json"),
            unfinished=_unfinished(by_key.get("unfinished")),
            docker_group=_members(one.get("docker_group")),
            users=frozenset(values.get("user", ())),
            unit=dict(line.split(" ", 1) for line in values.get("unit", ()) if " " in line),
            engine=_engine(one, tuple(values.get("container", ()))),
        )
    except (KeyError, ValueError) as error:
        raise ProbeError(f"the probe's answer cannot be read: {error!r}") from error


def _between_marks(lines: list[str]) -> list[str]:
    stripped = [line.strip() for line in lines]
    if BEGIN not in stripped:
        said = " / ".join(line for line in stripped if line)[-300:] or "nothing"
        raise ProbeError(f"the host did not run the probe; it said: {said}")
    begin = stripped.index(BEGIN)
    if END not in stripped[begin:]:
        raise ProbeError(f"the probe broke off; its last line was: {stripped[-1][:300]}")
    return stripped[begin + 1 : stripped.index(END, begin)]


def _values(lines: Iterable[str]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for line in lines:
        key, _, value = line.partition(" ")
        values.setdefault(key, []).append(value)
    return values


def _text(content: str) -> str:
    try:
        return base64.b64decode(content, validate=True).decode(errors="replace")
    except binascii.Error as error:
        raise ProbeError(f"the probe's answer was cut or changed on its way: {error}") from error


def _members(group: str | None) -> frozenset[str] | None:
    if group is None:
        return None
    return frozenset(name for name in group.rpartition(":")[2].split(",") if name)


def _unfinished(mark: str | None) -> Unfinished | None:
    if mark is None:
        return None
    # A mark that was cut short still says that a run did not get to its end.
    return next((action for action in get_args(Unfinished) if mark.strip() == action), "verify")


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
        containers=containers,
    )
