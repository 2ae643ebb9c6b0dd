"""What is hidden of words that are shown or kept: logins in URLs, and values of secrets. Pure."""

import re
from typing import Final

HIDDEN: Final = "***"
# To the last @: passwords hold some, too.
_LOGIN: Final = re.compile(r"(?<=://)[^/\s]+(?=@)")
# BuildKit's check SecretsUsedInArgOrEnv names these words.
_SECRETIVE: Final = re.compile(
    r"(?i)(^|_)(api_?key|auth|credentials?|key|passw(or)?d|pword|secret|token)(_|$)"
)
_PUBLIC: Final = re.compile(r"(?i)(^|_)public(_|$)")


def without_logins(text: str) -> str:
    """A text, with user and password in its URLs hidden; a user alone only where it may be a token.

    That is by HTTP: a user of ssh:// is none.
    """
    return _LOGIN.sub(_login, text)


def secretive(name: str) -> bool:
    """Whether what has this name is a secret."""
    return bool(_SECRETIVE.search(name)) and not _PUBLIC.search(name)


def _login(found: re.Match[str]) -> str:
    by_http = found.string[: found.start()].lower().endswith(("http://", "https://"))
    return HIDDEN if by_http or ":" in found[0] else found[0]
