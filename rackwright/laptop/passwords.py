"""Passwords from this machine: read once a run, shown nowhere, recognized by a salted digest."""

import hashlib
import os
import re
import secrets
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from threading import Lock

from pydantic import SecretStr

from rackwright.settings import Settings, SettingsError

Source = tuple[str, str]  # settings.logins.Login.source
_SECONDS = 60
_asking = Lock()


class PasswordError(ValueError):
    """A password that cannot be had; says why. Never holds one."""


@dataclass(frozen=True)
class Passwords:
    """The passwords of a run by their source, and the salt of the digests that it leaves."""

    by_source: Mapping[Source, SecretStr] = field(default_factory=dict)
    salt: str = field(default_factory=lambda: secrets.token_hex(16))

    def digest(self, source: Source, salt: str) -> str:
        """What tells this password from another one without being it.

        scrypt (RFC 7914), so that whoever reads it cannot try passwords quickly.
        """
        return _digest(self.by_source[source], salt)


def fleet_passwords(fleet: Mapping[str, Settings]) -> Passwords:
    """The passwords of all logins, and the secrets of all containers and builds, of all hosts.

    Raises SettingsError with a sentence for every one that cannot be had.
    """
    by_source = {}
    errors = []
    for name, settings in fleet.items():
        logins = settings.docker_registry_logins.items()
        asked = [(f"docker_registry_logins.{each}", login.source) for each, login in logins]
        for path, source in (*asked, *settings.docker_secrets, *settings.build_secrets):
            try:
                by_source[source] = password(source)
            except PasswordError as error:
                errors.append(f"{name}: {path}: {error}")
        errors += [f"{name}: {sentence}" for sentence in _more_lines(settings, by_source)]
    if errors:
        raise SettingsError(errors)
    return Passwords(by_source)


def _more_lines(settings: Settings, by_source: Mapping[Source, SecretStr]) -> list[str]:
    # docker/cli, opts/file.go: a line is a variable, and nothing in it is quoted.
    return [
        f"{path}: the secret has more than one line, which Docker does not take from a file"
        for path, source in (*settings.docker_secrets, *settings.build_secrets)
        if source in by_source and re.search(r"[\r\n\0]", by_source[source].get_secret_value())
    ]


def password(source: Source) -> SecretStr:
    """The password of a source, which is asked once a run. Raises PasswordError."""
    with _asking:  # every host asks at the same moment; one of them goes
        found = _read(*source)
    if isinstance(found, PasswordError):
        raise found
    return found


@cache
def _read(kind: str, name: str) -> SecretStr | PasswordError:
    try:
        text = _variable(name) if kind == "env" else _output(name)
    except PasswordError as error:
        return error
    return SecretStr(text)


def _variable(name: str) -> str:
    if not os.environ.get(name):
        raise PasswordError(f"the environment variable {name} is not set; set it on this machine")
    return os.environ[name]


def _output(command: str) -> str:
    # No shell and no terminal: what asks for something fails instead of waiting.
    try:
        done = subprocess.run(  # noqa: S603  the command is the admin's own
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise PasswordError(f"`{command}` did not end within {_SECONDS} s") from None
    except (OSError, ValueError) as error:
        raise PasswordError(f"`{command}` cannot be run: {error}") from None
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2] or "it did not say why"
        raise PasswordError(f"`{command}` ended with exit code {done.returncode}: {said}")
    if not (text := done.stdout.rstrip("\r\n")):
        raise PasswordError(f"`{command}` printed no password")
    return text


@cache
def _digest(password: SecretStr, salt: str) -> str:
    secret = password.get_secret_value().encode()
    return hashlib.scrypt(secret, salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32).hex()
