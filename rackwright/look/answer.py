"""The answer of probe.sh, parsed without touching a host."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import get_args

from pydantic import JsonValue

from rackwright.host.answer import greeting
from rackwright.laptop import openpgp
from rackwright.look import sources_seen
from rackwright.look.builds import parse_builds
from rackwright.look.cache_seen import cache_seen
from rackwright.look.gpu_answer import parse_gpus
from rackwright.look.host_lock import parse_host_lock
from rackwright.look.images import parse_images
from rackwright.look.observed import Engine, Observed, Package, ProbeError, Running, Unfinished
from rackwright.look.workload import parse_workload

BEGIN, END = "@@rackwright-begin", "@@rackwright-end"

# Keys of the answer whose value is a path and the content of that file.
_FILES = (
    "apt_source",
    "cache_file",
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


def parse(lines: Iterable[str]) -> Observed:
    """Observed from the lines that a remote login printed, banners and all.

    Raises ProbeError when the probe did not run, or not to its end, or Docker told it only a part.
    """
    said = list(lines)
    values = values_by_key(between_marks(said))
    if "containers_unknown" in values:
        raise ProbeError(
            "Docker did not say within 10 s which containers run here, so nothing may be changed; "
            "look at the host's load and at what `docker ps` says there, and run this again"
        )
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
    running = [_running(line) for line in values.get("container", ())]
    rootless = [_running(line) for line in values.get("rootless_container", ())]
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
            dependents=tuple(values.get("dependent", ())),
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
            restart_pending=_pending(_text(files["restart_pending"]), unit.get("InvocationID", "")),
            mirrors_json=_text(files["mirrors_json"]),
            http_client="http_client" in one,
            logins_json=_text(files["logins_json"]),
            logins=frozenset(_pair(line) for line in values.get("login", ())),
            unfinished=_unfinished(_text(files["unfinished"])),
            docker_group=_members(one.get("docker_group")),
            users=frozenset(values.get("user", ())),
            rootless_users=frozenset(values.get("rootless_user", ())),
            rootless_ready=frozenset(values.get("rootless_ready", ())),
            rootless_containers=tuple(each.name for each in rootless),
            running=(*running, *rootless),
            unit=unit,
            engine=_engine(one, tuple(each.name for each in running)),
            sources=sources_seen.seen(files),
            cache=cache_seen(files["cache_file"], values),
            images=parse_images(values) if one.get("engine_version") else None,
            builds=parse_builds(values),
            workload=parse_workload(values) if "workload_asked" in one else None,
            host_lock=parse_host_lock(values),
            gpus=parse_gpus(values) if "gpu_pci" in one else None,
            greeting=greeting(said),
        )
    except (KeyError, ValueError) as error:
        raise ProbeError(f"the probe's answer cannot be read: {error!r}") from error


def between_marks(lines: Iterable[str]) -> list[str]:
    """What a script of ours printed, without what the login said. Raises ProbeError."""
    stripped = [line.strip() for line in lines]
    if BEGIN not in stripped:
        said = " / ".join(line for line in stripped if line)[-300:] or "nothing"
        raise ProbeError(f"the host did not run the probe; it said: {said}")
    first = stripped.index(BEGIN)
    if END not in stripped[first:]:
        raise ProbeError(f"the probe broke off; its last line was: {stripped[-1][:300]}")
    return stripped[first + 1 : stripped.index(END, first)]


def values_by_key(lines: Iterable[str]) -> dict[str, list[str]]:
    """The values of all lines "KEY VALUE", in order, by their key."""
    values: dict[str, list[str]] = {}
    for line in lines:
        key, _, value = line.partition(" ")
        values.setdefault(key, []).append(value)
    return values


def _text(files: Mapping[str, bytes]) -> str | None:
    return next((content.decode(errors="replace") for content in files.values()), None)


def _content(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ProbeError(f"the probe's answer was cut or changed on its way: {error}") from error


def _running(line: str) -> Running:
    name, state, image = (*line.split(" ", 2), "", "")[:3]
    return Running(name, state or "running", image)


def _pair(line: str) -> tuple[str, str]:
    user, _, registry = line.partition(" ")
    return user, registry


def _members(group: str | None) -> frozenset[str] | None:
    if group is None:
        return None
    return frozenset(name for name in group.rpartition(":")[2].split(",") if name)


def _pending(mark: str | None, invocation: str) -> frozenset[str] | None:
    # systemd gives every start of a service an InvocationID of its own.
    started, *keys = (mark or "").split() or [""]
    return frozenset(keys) if invocation and started == invocation else None


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
