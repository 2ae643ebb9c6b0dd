"""rackwright lock: ask one host of each release what its apt would install, and write it down."""

from collections.abc import Sequence
from pathlib import Path

import click
from pyinfra.api import Host

from rackwright import exits
from rackwright.fleet import connected, each, load
from rackwright.host.error import HostError
from rackwright.laptop.inventory_file import inventory_file
from rackwright.laptop.layers import settings_of
from rackwright.laptop.openpgp import KeyRefusedError
from rackwright.lock.agreement import wanted_key
from rackwright.lock.apply import release_key
from rackwright.lock.file import Lock, LockedPackage, lock_path, read_lock, write_lock
from rackwright.lock.merge import Resolved, merged
from rackwright.lock.registries import ask_registries
from rackwright.look.observed import ProbeError
from rackwright.looking import observe
from rackwright.settings import Settings, SettingsError
from rackwright.versions.ask import ask
from rackwright.versions.offers import NotOfferedError, choose


def lock_fleet(inventory: str, limit: Sequence[str], exclude: Sequence[str]) -> int:
    """Write the lock of an inventory; returns the exit code of `rackwright lock`.

    With only some hosts asked, what the lock holds for others stays: other releases, and what
    other settings want of the same one. Nothing is written when a host could not be asked.
    """
    try:
        state = load(inventory, limit, exclude)
        file = inventory_file(state)
        if file is None:
            raise SettingsError([f"{inventory}: a lock needs an inventory file"])
        settings = settings_of(state.inventory)
        path = lock_path(file)
        before = read_lock(path) if path.exists() and (limit or exclude) else None
    except SettingsError as error:
        click.echo("\n".join(error.errors), err=True)
        return exits.SETTINGS
    with connected(state) as unreachable:
        answers = each(state.active_hosts, lambda host: resolve(host, settings[host.name]))
    failed = {
        name: str(answer) for name, answer in answers.items() if isinstance(answer, HostError)
    }
    if failed or unreachable:
        for name, reason in sorted({**unreachable, **failed}.items()):
            click.echo(f"{name}: {reason}", err=True)
        click.echo(f"{path} was not written; mend what is named, or use --exclude.", err=True)
        return exits.FAILED
    chosen = [answer for answer in answers.values() if isinstance(answer, Resolved)]
    asked = [settings[name] for name in answers]
    images, notes = ask_registries(asked)
    for note in notes:
        click.echo(f"note: {note}", err=True)
    try:
        lock = merged(chosen, {each.docker_key_fingerprint for each in asked}, images, before)
    except SettingsError as error:
        click.echo("\n".join(error.errors), err=True)
        return exits.FAILED
    write_lock(path, lock)
    click.echo(_summary(path, lock))
    return 0


def resolve(host: Host, settings: Settings) -> Resolved:
    """What the host's apt would install; it reads the repository into a folder of its own.

    Raises HostError when it cannot say.
    """
    try:
        observed = observe(host, settings)
        offers = choose(settings, ask(host, settings, observed))
    except (ProbeError, KeyRefusedError, NotOfferedError) as error:
        raise HostError(str(error)) from None
    packages = {
        name: LockedPackage(version=offer.version, sha256=offer.sha256)
        for name, offer in offers.items()
    }
    return Resolved(release_key(observed), wanted_key(settings), packages)


def _summary(path: Path, lock: Lock) -> str:
    lines = [f"{path}:"]
    for release, variants in sorted(lock.packages.items()):
        for wanted, packages in sorted(variants.items()):
            versions = ", ".join(f"{name} {each.version}" for name, each in packages.items())
            lines.append(f"  {release} ({wanted}): {versions}")
    lines += [f"  {tag}: {digest}" for tag, digest in sorted(lock.images.items())]
    return "\n".join(lines)
