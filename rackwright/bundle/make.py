"""rackwright bundle: one connected host of each release fetches, the laptop checks and keeps."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import requests
from pyinfra.api import Host, State

from rackwright import exits
from rackwright.bundle.closure import collect, write_index
from rackwright.bundle.file import image_file
from rackwright.bundle.folder import Making, making
from rackwright.bundle.images import write_archive
from rackwright.bundle.index import Entry
from rackwright.exact import Exact, read_exact
from rackwright.fleet import connected, each, load
from rackwright.host.error import HostError, RefusedError
from rackwright.laptop.inventory_file import inventory_file
from rackwright.laptop.layers import settings_of
from rackwright.laptop.openpgp import fetch
from rackwright.laptop.registry import RegistryError, Repository, said
from rackwright.lock.agreement import wanted_key
from rackwright.lock.apply import locked_packages, release_key
from rackwright.lock.file import Lock
from rackwright.lock.images import pinned, tags_of
from rackwright.lock.make import resolve
from rackwright.lock.merge import Resolved, merged
from rackwright.lock.registries import ask_registry
from rackwright.look.observed import Observed, ProbeError
from rackwright.looking import observe
from rackwright.settings import Settings, SettingsError
from rackwright.settings.references import HELLO

# Where a registry calls an architecture otherwise than Debian.
REGISTRY_NAMES = {"armhf": "arm", "i386": "386"}


def bundle_fleet(inventory: str, limit: Sequence[str], exclude: Sequence[str], folder: Path) -> int:
    """Make or renew a bundle; returns the exit code of `rackwright bundle`.

    A bundle that cannot be made whole is not made: what was there stays.
    """
    try:
        state = load(inventory, limit, exclude)
        settings = settings_of(state.inventory)
        # Bundles that the settings name may be those that are made here.
        repository = {"docker_source": "repository"}
        asked = {name: each.model_copy(update=repository) for name, each in settings.items()}
        exact = read_exact(inventory_file(state), asked)
        with making(folder) as new, connected(state) as unreachable:
            made = _gather(new, state, settings, exact, unreachable)
            new.finish(made)
    except SettingsError as error:
        click.echo("\n".join(error.errors), err=True)
        return exits.SETTINGS
    except (HostError, RegistryError, RefusedError) as error:
        click.echo(f"{error}\nThe bundle {folder} is not there, or as it was before.", err=True)
        return exits.FAILED
    click.echo(
        f"{folder}: {', '.join(sorted(made.packages))}; {len(new.files)} files, "
        f"{new.fetched} of them fetched now"
    )
    return 0


def _gather(
    new: Making,
    state: State,
    settings: dict[str, Settings],
    exact: Exact,
    unreachable: dict[str, str],
) -> Lock:
    hosts = {host.name: host for host in sorted(state.active_hosts, key=str)}
    seen = each(hosts.values(), lambda host: _observe(host, settings[host.name]))
    looked = {name: one for name, one in seen.items() if isinstance(one, Observed)}
    answers = each(
        (hosts[name] for name in looked), lambda host: resolve(host, settings[host.name])
    )
    helpers: dict[tuple[str, str], str] = {}
    for name, answer in answers.items():
        if isinstance(answer, Resolved):
            helpers.setdefault((answer.release, answer.wanted), name)
    wanted = {name: (release_key(looked[name]), wanted_key(settings[name])) for name in looked}
    reasons = {
        **unreachable,
        **{
            name: str(one)
            for name, one in {**seen, **answers}.items()
            if isinstance(one, HostError)
        },
    }
    # A host without a network is of no help, and needs none where another one is of its kind.
    left = {name: why for name, why in reasons.items() if wanted.get(name) not in helpers}
    if left:
        raise HostError("\n".join(f"{name}: {why}" for name, why in sorted(left.items())))
    entries: dict[str, dict[str, Entry]] = {}
    chosen: list[Resolved] = []
    for (release, key), name in sorted(helpers.items()):
        answer = answers[name]
        assert isinstance(answer, Resolved)  # noqa: S101 - that is how it became a helper
        packages = answer.packages
        if exact.lock:
            packages = locked_packages(exact.lock, exact.name, settings[name], looked[name])
        found = collect(new, hosts[name], settings[name], looked[name], packages)
        entries.setdefault(release, {}).update({entry.file: entry for entry in found})
        chosen.append(Resolved(release, key, packages))
        _add_key(new, settings[name], looked[name])
    for release, files in entries.items():
        write_index(new, release, list(files.values()))
    images = _images(new, settings, looked, exact.lock.images if exact.lock else {})
    keys = {settings[name].docker_key_fingerprint for name in looked}
    return merged(chosen, keys, images, None)


def _observe(host: Host, settings: Settings) -> Observed:
    try:
        return observe(host, settings)
    except ProbeError as error:
        raise HostError(str(error)) from None


def _add_key(new: Making, settings: Settings, observed: Observed) -> None:
    url = f"{settings.docker_repo_url}/{observed.distro}/gpg"
    fingerprint = settings.docker_key_fingerprint
    new.write(f"keys/{fingerprint}.asc", fetch(url, fingerprint).encode())


def _images(
    new: Making,
    settings: Mapping[str, Settings],
    looked: Mapping[str, Observed],
    locked: Mapping[str, str],
) -> dict[str, str]:
    """Put in the hosts' images and the one that proves a host; returns their digests by tag.

    `locked` are the digests of a lock.
    """
    wanting: dict[str, list[str]] = {}
    for name, host in settings.items():
        proof = [HELLO] if host.docker_verify != "never" else []
        for tag in (*proof, *tags_of(host)):
            wanting.setdefault(tag, []).append(name)
    digests = {}
    for tag, names in wanting.items():
        image = pinned(tag, locked[tag]) if tag in locked else tag
        repository, digests[tag] = ask_registry(image, [settings[name] for name in names])
        # One that could not be looked at is taken to be like the others.
        seen = [looked[name] for name in names if name in looked] or looked.values()
        for architecture in sorted({host.architecture for host in seen}):
            _add_image(new, repository, tag, digests[tag], architecture)
    return digests


def _add_image(
    new: Making, repository: Repository, tag: str, digest: str, architecture: str
) -> None:
    try:
        found = repository.manifests(digest).get(REGISTRY_NAMES.get(architecture, architecture))
        if found is None:
            raise RegistryError(f"{repository.url} has no {tag} for {architecture}")
        new.make(
            image_file(tag, architecture),
            lambda path: write_archive(repository, found, tag, path),
            known=new.images.get(tag) == digest,
        )
    except requests.RequestException as error:
        raise RegistryError(f"{repository.url} did not give {tag}: {said(error)}") from None
