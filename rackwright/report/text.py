"""Words of a host as a report may hold them: none steers a terminal, and none is a secret."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final
from urllib.parse import quote

from pydantic import BeforeValidator

HIDDEN: Final = "***"
LONGEST: Final = 4000  # characters of one text; a host may say anything, also a gigabyte

# ECMA-48: control sequences, strings such as a window's title (with their end), single escapes.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x07|\x1b\\|$)|[ -/]*[0-~])")
# What XML 1.0 (2.2, Char) and UTF-8 do not take, further controls, and what turns the direction of
# writing (Unicode TR 9), so that one thing is read where another stands.
_STEERING = re.compile(
    r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]"
)
_LOGIN = re.compile(
    r"(?<=://)[^/\s@:]*:[^/\s@]*(?=@)|(?<=http://)[^/\s@]+(?=@)|(?<=https://)[^/\s@]+(?=@)"
)


def plain(value: Any) -> Any:
    """A text without escapes, controls and logins in URLs, and not without end; else the value."""
    if not isinstance(value, str):
        return value
    text = value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    text = _ESCAPES.sub("", text.replace("\r\n", "\n"))
    return _LOGIN.sub(HIDDEN, _STEERING.sub("\N{REPLACEMENT CHARACTER}", text))


Text = Annotated[str, BeforeValidator(plain)]


def without(secrets: Iterable[str], value: Any) -> Any:
    """Texts in lists and dicts, with every secret hidden, also as it stands in a URL.

    Secrets of less than four characters are everywhere and are left: hiding them would show them.
    """
    written = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
    told = sorted((form for form in written if len(form) >= 4), key=len, reverse=True)
    return _hide(re.compile("|".join(map(re.escape, told))), value) if told else value


def _hide(told: re.Pattern[str], value: Any) -> Any:
    if isinstance(value, str):
        return told.sub(HIDDEN, value)
    if isinstance(value, dict):
        return {key: _hide(told, each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_hide(told, each) for each in value]
    return value
