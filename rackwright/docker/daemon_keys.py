"""The keys of daemon.json: their types, and what a running daemon needs to take over a change."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import JsonValue, TypeAdapter, ValidationError

from rackwright.docker.daemon_maps import top

# moby, daemon/config/config.go and config_linux.go (the `json:` tags), 20.10 to 29.
TYPES: Final[Mapping[str, Any]] = {
    **dict.fromkeys(
        (
            "allow-direct-routing",
            "cri-containerd",
            "debug",
            "experimental",
            "icc",
            "init",
            "ip-forward",
            "ip-forward-no-drop",
            "ip-masq",
            "ip6tables",
            "iptables",
            "ipv6",
            "live-restore",
            "no-new-privileges",
            "raw-logs",
            "rootless",
            "selinux-enabled",
            "tls",
            "tlsverify",
            "userland-proxy",
        ),
        bool,
    ),
    **dict.fromkeys(
        (
            "cpu-rt-period",
            "cpu-rt-runtime",
            "default-stop-timeout",
            "max-concurrent-downloads",
            "max-concurrent-uploads",
            "max-download-attempts",
            "mtu",
            "network-control-plane-mtu",
            "network-diagnostic-port",
            "oom-score-adjust",
            "shutdown-timeout",
            "swarm-raft-election-tick",
            "swarm-raft-heartbeat-tick",
        ),
        int,
    ),
    **dict.fromkeys(
        (
            "api-cors-header",
            "bip",
            "bip6",
            "bridge",
            "bridge-accept-fwmark",
            "cgroup-parent",
            "containerd",
            "containerd-namespace",
            "containerd-plugin-namespace",
            "data-root",
            "default-cgroupns-mode",
            "default-gateway",
            "default-gateway-v6",
            "default-init",
            "default-ipc-mode",
            "default-runtime",
            "exec-root",
            "firewall-backend",
            "fixed-cidr",
            "fixed-cidr-v6",
            "group",
            "host-gateway-ip",
            "init-path",
            "ip",
            "log-driver",
            "log-format",
            "log-level",
            "metrics-addr",
            "min-api-version",
            "pidfile",
            "resolv-conf",
            "seccomp-profile",
            "storage-driver",
            "swarm-default-advertise-addr",
            "tlscacert",
            "tlscert",
            "tlskey",
            "userland-proxy-path",
            "userns-remap",
        ),
        str,
    ),
    **dict.fromkeys(
        (
            "allow-nondistributable-artifacts",
            "authorization-plugins",
            "cdi-spec-dirs",
            "dns",
            "dns-opts",
            "dns-search",
            "exec-opts",
            "host-gateway-ips",
            "hosts",
            "insecure-registries",
            "labels",
            "node-generic-resources",
            "registry-mirrors",
            "storage-opts",
        ),
        list[str],
    ),
    "builder": dict[str, JsonValue],
    "default-address-pools": list[dict[str, str | int]],
    "default-network-opts": dict[str, dict[str, str]],
    "default-shm-size": str | int,
    "default-ulimits": dict[str, dict[str, str | int]],
    "features": dict[str, bool],
    "log-opts": dict[str, str],
    "nri-opts": dict[str, JsonValue],
    "proxies": dict[str, str],
    "runtimes": dict[str, dict[str, JsonValue]],
}

# Re-read by a running daemon on SIGHUP (docker/cli, docs/reference/dockerd.md, "Configuration
# reload behavior"). A change of any other key needs a restart.
RELOADABLE: Final = frozenset(
    {
        "authorization-plugins",
        "debug",
        "default-runtime",
        "features",
        "insecure-registries",
        "labels",
        "live-restore",
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "max-download-attempts",
        "registry-mirrors",
        "runtimes",
        "shutdown-timeout",
    }
)

# Of their entries, those that dockerd looks at when it starts, and not again (moby,
# cmd/dockerd/daemon.go: the CDI driver is registered and the image store chosen there).
READ_AT_START: Final = frozenset({"features.cdi", "features.containerd-snapshotter"})

# A reload keeps the old value of these when the key is gone (moby, daemon/reload.go, IsValueSet):
# the value that says so explicitly.
EMPTY_VALUES: Final[Mapping[str, JsonValue]] = {
    "debug": False,
    "insecure-registries": [],
    "labels": [],
    "live-restore": False,
    "registry-mirrors": [],
    "runtimes": {},
}

# live-restore does not carry containers over a change of these (Docker's manual, "Live restore",
# "Live restore upon restart": bridge addresses, graph driver and the like).
NOT_LIVE_RESTORED: Final = frozenset(
    {
        "bip",
        "bip6",
        "bridge",
        "cgroup-parent",
        "data-root",
        "default-address-pools",
        "exec-opts",
        "exec-root",
        "features.containerd-snapshotter",
        "fixed-cidr",
        "fixed-cidr-v6",
        "ipv6",
        "storage-driver",
        "storage-opts",
        "userns-remap",
    }
)


def reloads(key: str) -> bool:
    """Whether a running daemon takes a change of this key over when it is reloaded.

    The entries of maps are keys of their own (daemon_maps).
    """
    return top(key) in RELOADABLE and key not in READ_AT_START


def mistakes(keys: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """What is wrong with these keys of daemon.json, a sentence "path: what" each."""
    return tuple(sentence for key, value in keys.items() for sentence in _mistakes(key, value))


def _mistakes(key: str, value: JsonValue) -> Iterable[str]:
    if key not in TYPES:
        nearest = difflib.get_close_matches(key, TYPES, n=1, cutoff=0)[0]
        yield f"{key}: dockerd has no such key; the nearest is {nearest}"
        return
    try:
        TypeAdapter(TYPES[key]).validate_python(value, strict=True)
    except ValidationError as error:
        # A union is wrong in each of its parts; the first says enough.
        first = error.errors()[0]
        path = ".".join(map(str, (key, *first["loc"])))
        yield f"{path}: {first['msg'].replace('Input', str(first['input']))}"
