"""What a purge takes away, and what it leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from rackwright.change import Change, Impact
from rackwright.distro import CONFFILES, DOCKER_PACKAGES
from rackwright.docker.data_folder import foreign
from rackwright.look.leftovers import Leftovers
from rackwright.look.observed import Observed, Package
from rackwright.marks import BACKUPS, STATE
from rackwright.packages.docker_sources import KEYRING, find, keyrings, left_of
from rackwright.settings import Settings
from rackwright.steps.daemon import DAEMON_JSON, read, without_ours
from rackwright.steps.rootless import removal
from rackwright.steps.unit import CONTAINERD_DROP_IN, DOCKER_DROP_IN
from rackwright.steps.users import GROUP

DATA = ("/var/lib/docker", "/var/lib/containerd")
# The key by which older engines know themselves; newer ones have an engine-id in their data.
TRUST_KEY = "/etc/docker/key.json"
# What Rackwright writes beside the files that have a step of their own.
DROP_INS = (DOCKER_DROP_IN, CONTAINERD_DROP_IN)


@dataclass(frozen=True)
class Words:
    """What the admin said: `data` and `config` go too, containers may be stopped.

    Raises ValueError for what is neither true nor false, like data=yes.
    """

    data: bool = False
    config: bool = False
    stop_containers: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            if not isinstance(getattr(self, field.name), bool):
                raise ValueError(f"{field.name}: write {field.name}=true, or leave it out")


def words_of(said: Mapping[str, bool]) -> Words:
    """The words of a command line. Raises ValueError for one that there is not, or has no sense."""
    known = [field.name for field in fields(Words)]
    for word in said:
        if word not in known:
            raise ValueError(f"there is no word {word}; the words are {', '.join(known)}")
    return Words(**said)


@dataclass(frozen=True)
class PurgeStep:
    """What goes. `sources` maps a file to the text that is left of it, None when nothing is.

    `running` says that a Docker Engine has to be asked before it goes. `members` leave the group,
    which goes too when `group_goes`. `credentials` maps a user to a file of theirs.
    """

    running: bool
    stop_containers: bool
    rootless: tuple[str, ...]
    rootless_data: bool
    packages: tuple[str, ...]
    held: tuple[str, ...]
    data: tuple[str, ...]
    daemon_json: str | None
    files: tuple[str, ...]
    sources: Mapping[str, str | None]
    members: tuple[str, ...]
    group_goes: bool
    credentials: Mapping[str, str]
    replaced_files: tuple[str, ...]
    changes: tuple[Change, ...]


def paths_to_look_for() -> tuple[str, ...]:
    """What purge.sh has to be asked for."""
    return (*DATA, *DROP_INS, *CONFFILES, TRUST_KEY, STATE)


def data_root(observed: Observed) -> str:
    """Where daemon.json puts Docker's data; empty for the usual place.

    Raises DaemonJsonError when it cannot be read.
    """
    root = read(observed.daemon_json).get("data-root")
    usual = not isinstance(root, str) or not root.startswith("/") or root.rstrip("/") in ("", *DATA)
    return "" if usual else str(root).rstrip("/")


def purge_step(
    settings: Settings, observed: Observed, left: Leftovers, words: Words
) -> PurgeStep | None:
    """What to take away; None when nothing of ours is left."""
    packages = {
        name: package
        for name, package in left.packages.items()
        if name in DOCKER_PACKAGES and (package.status[1:2] != "n" or _held(package))
    }
    data = data_to_delete(observed, left) if words.data else ()
    daemon_goes, daemon_json = without_ours(observed)
    distrusted, _ = keyrings(observed.trusted_keyrings, settings)
    files = (
        *([DAEMON_JSON] if daemon_goes and daemon_json is None else []),
        *(path for path in DROP_INS if path in left.paths),
        *([KEYRING] if observed.keyring is not None else []),
        *distrusted,
    )
    key = (TRUST_KEY,) if words.data and TRUST_KEY in left.paths else ()
    found = find(observed.apt_sources, settings)
    sources = {path: left_of(path, observed.apt_sources[path], settings) for path in found}
    members = tuple(user for user in settings.docker_users if user in (left.group or ()))
    group_goes = left.group is not None and left.group <= set(members)
    credentials = left.credentials if words.config else {}
    stops = observed.engine.containers if observed.engine else ()
    rootless = tuple(sorted(observed.rootless_users))
    changes = (
        *(_rootless_change(user, observed, words) for user in rootless),
        *([_stop_change(stops)] if stops else []),
        *(_package_change(name, package) for name, package in packages.items()),
        *(_data_change(path, left) for path in data),
        *(Change("purge", path, "the engine's key", "removed", "data is true") for path in key),
        *([_gone(DAEMON_JSON, "has keys that Rackwright set")] if daemon_goes else []),
        *(_gone(path, "there") for path in files if path != DAEMON_JSON),
        *(_source_change(path, text) for path, text in sources.items()),
        *(_gone(user, f"in group {GROUP}", "not a member") for user in members),
        *([_gone(f"group {GROUP}", "there")] if group_goes else []),
        *(_gone(path, f"credentials of {user}") for user, path in credentials.items()),
        *([_gone(STATE, "there")] if STATE in left.paths else []),
    )
    if not changes:
        return None
    replaced = [DAEMON_JSON] if daemon_goes else []
    conffiles = [path for path in CONFFILES if path in left.paths and packages]
    return PurgeStep(
        running=observed.engine is not None,
        stop_containers=words.stop_containers,
        rootless=rootless,
        rootless_data=words.data,
        packages=tuple(name for name, package in packages.items() if package.status[1:2] != "n"),
        held=tuple(name for name, package in packages.items() if _held(package)),
        data=data,
        daemon_json=daemon_json if daemon_goes else None,
        files=(*files, *key),
        sources=sources,
        members=members,
        group_goes=group_goes,
        credentials=credentials,
        replaced_files=tuple(dict.fromkeys((*replaced, *conffiles, *files, *sources))),
        changes=changes,
    )


def purge_notes(
    settings: Settings, observed: Observed, left: Leftovers, words: Words
) -> tuple[str, ...]:
    """What stays, for the admin to know."""
    notes = []
    root = data_root(observed)
    kept = [path for path in (*DATA, root) if path in left.paths]
    if kept and not words.data:
        notes.append(
            f"images, containers and volumes stay in {', '.join(kept)}; data=true deletes them"
        )
    if words.data and root in left.paths and root not in data_to_delete(observed, left):
        strange = ", ".join(foreign(left.data_root_entries))
        notes.append(f"{root} stays, for not all in it is certainly Docker's ({strange})")
    if left.credentials and not words.config:
        files = ", ".join(left.credentials.values())
        notes.append(f"credentials stay in {files}; config=true deletes them")
    others = (left.group or frozenset()) - set(settings.docker_users)
    if others:
        notes.append(f"group {GROUP} stays: {', '.join(sorted(others))} is in it")
    return tuple(notes)


def data_to_delete(observed: Observed, left: Leftovers) -> tuple[str, ...]:
    """Folders whose whole content is Docker's."""
    root = data_root(observed)
    whole = [path for path in DATA if path in left.paths]
    if root in left.paths and not foreign(left.data_root_entries):
        whole.append(root)
    return tuple(whole)


def _gone(what: str, before: str, after: str = "removed") -> Change:
    return Change("purge", what, before, after, "a purge takes away what Rackwright made")


def _rootless_change(user: str, observed: Observed, words: Words) -> Change:
    change = removal(user, observed, "a purge takes away what Rackwright made")
    change = replace(change, task="purge")
    return replace(change, after="deleted", impact=Impact.DATA_LOSS) if words.data else change


def _stop_change(names: Sequence[str]) -> Change:
    return Change(
        "purge",
        "running containers",
        ", ".join(names),
        "stopped",
        "stop_containers is true",
        Impact.RESTART,
        tuple(names),
    )


def _held(package: Package) -> bool:
    return package.status[:1] == "h"


def _package_change(name: str, package: Package) -> Change:
    part = {"i": "", "c": ", only its configuration", "n": ", not installed"}
    before = f"{package.version}{part.get(package.status[1:2], ', half-way')}".lstrip(", ")
    return _gone(name, f"{before}{', held' if _held(package) else ''}", "purged")


def _data_change(path: str, left: Leftovers) -> Change:
    held = f" ({left.containers} containers, {left.volumes} volumes)" if path != DATA[1] else ""
    return Change(
        "purge", path, f"Docker's data{held}", "deleted", "data is true", Impact.DATA_LOSS
    )


def _source_change(path: str, text: str | None) -> Change:
    after = "removed" if text is None else "without it"
    reason = f"Docker's packages are not wanted any more; the old file is kept in {BACKUPS}"
    return Change("purge", path, "defines Docker's repository", after, reason)
