"""pip's configuration file: single keys of its section [global], the rest byte for byte. Pure.

pip's manual, "Configuration files"; the format is that of Python's configparser.
"""

import re
from collections.abc import Iterator, Mapping

SECTION = "global"


def lines_of(text: str, key: str, section: str = SECTION) -> str:
    """The lines that set a key, with those that continue its value; "" when there are none."""
    return "".join(line for line, where in _owned(text) if where == (section, key))


def value_of(text: str, key: str, section: str = SECTION) -> str | None:
    """A key's value; None when it is not set."""
    lines = lines_of(text, key, section)
    if not lines:
        return None
    return " ".join(re.split("[=:]", lines, maxsplit=1)[-1].split())


def with_lines(text: str, wanted: Mapping[str, str]) -> str:
    """The text with these lines for these keys of [global]; "" takes a key out."""
    owned = list(_owned(text))
    kept: list[str] = []
    place = None  # behind the last key of the section, or its head
    left = dict(wanted)
    for line, (section, key) in owned:
        ours = section == SECTION and key is not None and key in wanted
        kept.append(left.pop(str(key), "") if ours else line)
        if section == SECTION and key is not None:
            place = len(kept)
    missing = [lines for lines in left.values() if lines]
    if not missing:
        return "".join(kept)
    if place is None:
        return _ended("".join(kept)) + "".join([f"[{SECTION}]\n", *missing])
    kept[place - 1] = _ended(kept[place - 1])
    return "".join([*kept[:place], *missing, *kept[place:]])


def _owned(text: str) -> Iterator[tuple[str, tuple[str, str | None]]]:
    """Each line with its section and the key that it belongs to: "" for a section's head."""
    section, key = "", None
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        bare = line.strip()
        if not bare or bare[0] in "#;":
            yield line, (section, None)
            continue
        if line[0] not in " \t" or key is None:
            head = re.match(r"\[(.+)\]", bare)
            section = head[1] if head else section
            key = "" if head else _normal(re.split("[=:]", bare, maxsplit=1)[0])
        yield line, (section, key)


def _normal(key: str) -> str:
    # As pip reads it: Index_URL and --index-url are index-url.
    return key.strip().lower().replace("_", "-").removeprefix("--")


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
