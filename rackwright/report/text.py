"""Words of a host as a report may hold them: none steers a terminal, and none is a secret."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final
from urllib.parse import quote

from pydantic import BeforeValidator, ValidationInfo

from rackwright.hidden import HIDDEN, without_logins

LONGEST: Final = 4000  # characters of one text; a host may say anything, also a gigabyte

# ECMA-48: control sequences, strings such as a window's title (with their end), single escapes.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x07|\x1b\\|$)|[ -/]*[0-~])")
# What XML 1.0 (2.2, Char) and UTF-8 do not take, further controls, and what turns the direction of
# writing (Unicode TR 9), so that one thing is read where another stands.
_STEERING = re.compile(
    r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]"
)


def plain(text: str) -> str:
    """A text without escapes, controls and logins in URLs, and not without end."""
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    text = _ESCAPES.sub("", text.replace("\r\n", "\n"))
    return without_logins(_STEERING.sub("\N{REPLACEMENT CHARACTER}", text))


def hiding(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """What finds every secret, also as it stands in a URL: the context in which a Text is made.

    Secrets of less than four characters are everywhere and are left: hiding them would show them.
    """
    written = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
    told = sorted((form for form in written if len(form) >= 4), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, told))) if told else None


def _told(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str):
        return value
    secrets: re.Pattern[str] | None = info.context
    text = plain(value)
    return secrets.sub(HIDDEN, text) if secrets else text


Text = Annotated[str, BeforeValidator(_told)]
