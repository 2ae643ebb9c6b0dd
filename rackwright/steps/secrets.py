"""What a host keeps of secrets that it was given: salted digests, by which a new value is seen."""

from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from rackwright.laptop.passwords import Passwords
from rackwright.settings.containers import Secret


class Kept(BaseModel, frozen=True):
    """One salt, and a digest for each variable."""

    salt: str
    digests: Mapping[str, str]


def kept(secrets: Mapping[str, Secret], passwords: Passwords | None) -> str:
    """What a host is to keep of these; "" when there are none, or nobody knows the values."""
    if not secrets or passwords is None:
        return ""
    digests = {
        variable: passwords.digest(secret.source, passwords.salt)
        for variable, secret in sorted(secrets.items())
    }
    return Kept(salt=passwords.salt, digests=digests).model_dump_json()


def changed(secrets: Mapping[str, Secret], text: str, passwords: Passwords | None) -> list[str]:
    """The variables whose value is not the one that the host keeps the digest of.

    Without `passwords` nothing is said of the values.
    """
    if passwords is None:
        return []
    try:
        known = Kept.model_validate_json(text or '{"salt": "", "digests": {}}')
    except ValidationError:  # then no value is known
        known = Kept(salt="", digests={})
    return [
        variable
        for variable, secret in secrets.items()
        if variable not in known.digests
        or passwords.digest(secret.source, known.salt) != known.digests[variable]
    ]
