"""A container of the settings as the words of `docker create`."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from rackwright.settings.containers import Container, Healthcheck

# A container is ours when this label of it is its name; an image made of it has the label too.
NAME = "rackwright.container"
# What it was made of: a hash for each of its settings.
FINGERPRINT = "rackwright.spec"
# Which secrets it got, by salted digests.
SECRETS = "rackwright.secrets"
_DIGITS = 16  # of a hash: to find out what changed, against nobody


def fingerprint(container: Container) -> str:
    """The same for containers that are made alike, secrets apart; of other versions of us, too."""
    made_of: dict[str, Iterable[str]] = {
        **_options(container),
        "image": [container.image or ""],
        "command": container.command,
        "entrypoint": container.entrypoint,
        "networks": container.networks,
        "secrets": sorted(container.secrets),
    }
    return hashes(made_of)


def hashes(made_of: Mapping[str, Iterable[str]]) -> str:
    """A text with a hash for each setting that is there."""
    found = {key: _hash(list(words)) for key, words in made_of.items() if words}
    return json.dumps(found, sort_keys=True, separators=(",", ":"))


def differing(one: str, other: str) -> list[str]:
    """The settings in which two fingerprints differ; [] when one of them cannot be read."""
    try:
        first, second = json.loads(one), json.loads(other)
    except ValueError:
        return []
    if not isinstance(first, Mapping) or not isinstance(second, Mapping):
        return []
    return sorted(key for key in {**first, **second} if first.get(key) != second.get(key))


def options(container: Container) -> tuple[str, ...]:
    """The options, without name, labels of ours and secrets; none for what is left out."""
    return tuple(chain.from_iterable(_options(container).values()))


def words(container: Container) -> tuple[str, ...]:
    """The image, and what runs in it."""
    return (container.image or "", *container.entrypoint[1:], *container.command)


def labels(name: str, container: Container, secrets: str) -> tuple[str, ...]:
    """The options that make it ours; `secrets` is what steps.secrets keeps of them."""
    ours = {NAME: name, FINGERPRINT: fingerprint(container), SECRETS: secrets}
    return _pairs("label", {key: value for key, value in ours.items() if value})


def _options(container: Container) -> dict[str, tuple[str, ...]]:
    single = ("restart", "user", "workdir", "hostname", "gpus", "shm_size")
    several = {"ports": "publish", "volumes": "volume"}
    flags = {"tty": "tty", "stdin_open": "interactive"}
    maps = {"env": "env", "ulimits": "ulimit", "labels": "label"}
    return {
        **{key: _option(key, [getattr(container, key)]) for key in single},
        **{key: (f"--{flag}=true",) for key, flag in flags.items() if getattr(container, key)},
        # Docker knows one network there; the others are added to the container.
        "networks": _option("network", container.networks[:1]),
        "entrypoint": _option("entrypoint", container.entrypoint[:1]),
        **{key: _option(option, getattr(container, key)) for key, option in several.items()},
        **{key: _pairs(option, getattr(container, key)) for key, option in maps.items()},
        "healthcheck": tuple(_health(container.healthcheck)),
    }


def _option(option: str, values: Iterable[str | None]) -> tuple[str, ...]:
    name = option.replace("_", "-")
    return tuple(f"--{name}={value}" for value in values if value is not None)


def _pairs(option: str, values: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"--{option}={key}={value}" for key, value in sorted(values.items()))


def _health(check: Healthcheck | None) -> Iterator[str]:
    if check is None:
        return
    yield f"--health-cmd={check.command}"
    for key in ("interval", "timeout", "retries", "start_period"):
        yield from _option(f"health-{key}", [getattr(check, key)])


def _hash(words: list[str]) -> str:
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:_DIGITS]
