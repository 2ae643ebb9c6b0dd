"""systemd drop-ins: what docker.service and containerd.service need beside their own units."""

from collections.abc import Mapping
from dataclasses import dataclass

from rackwright.change import Change, Impact
from rackwright.look.observed import Observed
from rackwright.settings import Settings
from rackwright.settings.daemon import unsafe_socket
from rackwright.steps.daemon import Keys

DOCKER_DROP_IN = "/etc/systemd/system/docker.service.d/rackwright.conf"
CONTAINERD_DROP_IN = "/etc/systemd/system/containerd.service.d/rackwright.conf"
_HEAD = "# Written by Rackwright, which overwrites it."
_EXEC = "ExecStart=\nExecStart="


@dataclass(frozen=True)
class UnitStep:
    """Drop-ins by path with their new text; None takes one away."""

    files: Mapping[str, str | None]
    changes: tuple[Change, ...]

    @property
    def moves_containerd(self) -> bool:
        """Whether containerd gets another root."""
        return CONTAINERD_DROP_IN in self.files


def unit_step(settings: Settings, observed: Observed, keys: Keys) -> UnitStep | None:
    """The drop-ins to write or take away; None when they are as they should be.

    `keys` are those of daemon.json as it is going to be.
    """
    listens = bool(settings.docker_hosts) or ("hosts" in keys and not observed.own_exec_start)
    wanted = {DOCKER_DROP_IN: _docker(settings, listens), CONTAINERD_DROP_IN: _containerd(settings)}
    files = {path: text for path, text in wanted.items() if observed.drop_ins.get(path) != text}
    if not files:
        return None
    return UnitStep(files, tuple(_change(path, files[path], observed) for path in files))


def open_socket(observed: Observed, keys: Keys) -> str | None:
    """Why the admin's own `hosts` must not come into force, as a sentence; None when they may.

    Those of the settings are judged by the schema. Where a drop-in of the admin's made Docker
    listen there before, that is left alone.
    """
    hosts = keys.get("hosts")
    if observed.own_exec_start or not isinstance(hosts, list):
        return None
    if reason := unsafe_socket(tuple(map(str, hosts)), keys):
        return f"/etc/docker/daemon.json: hosts: {reason}"
    return None


def _docker(settings: Settings, listens: bool) -> str | None:
    http = settings.docker_http_proxy
    https = settings.docker_https_proxy or http
    environment = {
        "HTTP_PROXY": http,
        "HTTPS_PROXY": https,
        "NO_PROXY": ",".join(settings.docker_no_proxy) if http or https else None,
    }
    # A % is a specifier to systemd (systemd.unit(5), "Specifiers").
    lines = [
        f'Environment="{name}={value.replace("%", "%%")}"'
        for name, value in environment.items()
        if value
    ]
    if listens:
        # The packaged unit's -H would contradict `hosts` in daemon.json.
        lines.append(f"{_EXEC}/usr/bin/dockerd --containerd=/run/containerd/containerd.sock")
    return _text(lines)


def _containerd(settings: Settings) -> str | None:
    # Since Engine 29 images lie in containerd's root, which data-root does not move (docker/cli
    # #6645). The place is where a dockerd that starts its own containerd keeps it.
    root = settings.docker_data_root
    return _text([f"{_EXEC}/usr/bin/containerd --root {root}/containerd"] if root else [])


def _text(lines: list[str]) -> str | None:
    return "\n".join((_HEAD, "[Service]", *lines, "")) if lines else None


def _change(path: str, text: str | None, observed: Observed) -> Change:
    before = "absent" if path not in observed.drop_ins else "other"
    return Change(
        "unit",
        path,
        before,
        "absent" if text is None else "; ".join(text.splitlines()[2:]),
        "daemon.json has no place for it",
        Impact.RESTART if observed.engine else Impact.NONE,
    )
