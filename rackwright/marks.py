"""What tasks must agree on: the files that Rackwright leaves on a host."""

import shlex
from typing import Final

STATE: Final = "/var/lib/rackwright"
# Holds what an interrupted run left open (observed.Unfinished); absent when nothing is.
UNFINISHED: Final = f"{STATE}/unfinished"
# Which mirrors were asked for, and which of them the probing chose.
MIRRORS: Final = f"{STATE}/mirrors.json"
# Which registry logins are ours, with salted digests of their passwords; for root alone.
LOGINS: Final = f"{STATE}/logins.json"
# The packages that Rackwright put on hold, one a line.
HOLDS: Final = f"{STATE}/holds"
# The compose projects that are ours, a folder each.
COMPOSE: Final = f"{STATE}/compose"
# Which run changes the host, or did last; gone with a reboot.
HOST_LOCK: Final = "/run/rackwright/lock"
# What makes a host the fleet's cache: a drop-in for its registry, the registry's configuration,
# that of apt-cacher-ng.
CACHE_DROP_IN: Final = "/etc/systemd/system/docker-registry.service.d/rackwright.conf"
CACHE_REGISTRY: Final = "/etc/docker/registry/rackwright.yml"
CACHE_PACKAGES: Final = "/etc/apt-cacher-ng/zz_rackwright.conf"
# What makes a host use it: apt asks a script of ours for the way to a URI; the script's data; and
# where Docker's repository is, through the cache and without it, for each distribution.
APT_PROXY_CONF: Final = "/etc/apt/apt.conf.d/80rackwright"
APT_PROXY: Final = "/usr/local/lib/rackwright/apt-proxy"
APT_CACHE: Final = "/etc/apt/rackwright/cache"
DOCKER_LISTS: Final = {
    distro: f"/etc/apt/rackwright/linux/{distro}" for distro in ("debian", "ubuntu")
}
CACHE_SERVER_FILES: Final = (CACHE_DROP_IN, CACHE_REGISTRY, CACHE_PACKAGES)
CACHE_FILES: Final = (
    *CACHE_SERVER_FILES,
    APT_PROXY_CONF,
    APT_PROXY,
    APT_CACHE,
    *DOCKER_LISTS.values(),
)
# What came from an offline bundle, until the run that brought it is done.
BUNDLE: Final = f"{STATE}/bundle"
# Which mirrors of the distribution's archive were asked for and chosen, and what was written.
APT_MIRROR: Final = f"{STATE}/apt-mirror.json"
# Which keys of pip.conf are ours, and what was written.
PIP: Final = f"{STATE}/pip.json"
# Files as they were before these two, below their own paths: the way back. For root alone.
KEPT: Final = f"{STATE}/kept"
# New texts of files below their own paths, until they are put in place.
NEW: Final = f"{STATE}/new"
# The file of an image, until it is loaded.
IMAGES: Final = f"{STATE}/images"
# What is built from, until it is.
BUILDS: Final = f"{STATE}/builds"
# Which images were pushed, a name and an ID a line.
PUSHED: Final = f"{STATE}/pushed"
# The admin's files as they were before they were replaced: a tar archive for each run.
BACKUPS: Final = "/var/backups/rackwright"
# A definition of the repository on trial, where apt does not look by itself.
STAGING: Final = f"{STATE}/docker.sources"
# The key for it, until both are known to work.
TRIAL_KEY: Final = f"{STATE}/trial.asc"
# What is to stay of a file from which something goes.
LEFT: Final = f"{STATE}/left"
# The keys of daemon.json that Rackwright set, with their values.
OWNED_KEYS: Final = f"{STATE}/owned-keys.json"
# docker.service as it was started (systemd's InvocationID) when its configuration became newer;
# below it, the keys of daemon.json that it does not have yet, one a line.
RESTART_PENDING: Final = f"{STATE}/restart-pending"
# The configuration that the daemon ran with before the change of this run.
BEFORE: Final = f"{STATE}/before"


def try_out(source_list: str = "/dev/null", source_parts: str = "/dev/null") -> str:
    """The command by which apt reads these sources alone into its own lists.

    Every failure counts. Without List-Cleanup, apt would drop the lists of all other sources.
    """
    return (
        f"apt-get update -q -o Dir::Etc::sourcelist={source_list}"
        f" -o Dir::Etc::sourceparts={source_parts}"
        " -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any"
        " -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20"
    )


def put_in_place(new: str, path: str, like: str) -> str:
    """The command that gives a file the content of another, `new`, at once or not at all.

    Owner and mode are those of the file `like`; `new` goes. Until the last moment the content is
    in a file beside it, with a dot in front, which apt passes over. A link becomes a file, and
    its target stays as it is.
    """
    folder, _, name = path.rpartition("/")
    beside = shlex.quote(f"{folder}/.{name}.rackwright")
    path, new, like = map(shlex.quote, (path, new, like))
    return f"cp -pL {like} {beside} && cat {new} > {beside} && mv -f {beside} {path} && rm {new}"


def keep(path: str) -> str:
    """The command that keeps a file for the way back, as it is now."""
    there, kept = shlex.quote(path), shlex.quote(KEPT + path)
    return (
        f"install -d -m 0700 {KEPT} && mkdir -p {shlex.quote((KEPT + path).rpartition('/')[0])}"
        f" && cp -pL {there} {kept}.new && mv -f {kept}.new {kept}"
    )
