"""pip.conf: two keys are ours while they are asked for; the rest is the admin's."""

import configparser
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.look.leftovers import Leftovers
from rackwright.look.observed import Observed
from rackwright.look.sources_seen import SourcesSeen
from rackwright.packages.pip_conf import value_of, with_lines
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.purge import purge_plan
from rackwright.settings import Settings
from rackwright.steps.pip import PIP_CONF
from rackwright.steps.purge import Words
from tests.unit.states import BARE

INDEX, HOST = "http://pip.example:3141/simple", "pip.example:3141"
WANTED = Settings(pip_index_url=INDEX, pip_trusted_host=HOST)
OURS = f"index-url = {INDEX}\ntrusted-host = {HOST}\n"
ADMINS = """\
# since 2021
[global]
timeout = 60
Index_URL: https://me:secret@old.example/simple
 # of the old office
find-links =
    https://a.example
    https://b.example

[install]
no-compile = yes
"""


def host(text: str | None) -> Observed:
    """A host with this pip.conf."""
    return replace(BARE, sources=SourcesSeen(pip_conf=text))


def after(observed: Observed, made: Plan) -> Observed:
    """The host that the plan leads to, as tasks/pip.py promises it: a model, not a host."""
    step, before = made.pip, observed.sources
    if step is None:
        return observed
    kept = {PIP_CONF: before.pip_conf or ""} if step.keeps else before.kept
    return replace(
        observed,
        sources=SourcesSeen(
            pip_conf=step.content,
            pip_memory=step.memory,
            kept=kept if step.memory is not None else {},
        ),
    )


def run(observed: Observed, settings: Settings) -> Observed:
    """The host after a run."""
    return after(observed, plan(settings, observed))


def test_a_host_without_the_file_gets_one_and_loses_it_again() -> None:
    there = run(host(None), WANTED)
    assert there.sources.pip_conf == f"[global]\n{OURS}"
    assert plan(WANTED, there).pip is None
    back = run(there, Settings())
    assert back.sources == SourcesSeen()
    assert plan(Settings(), back).pip is None


def test_the_admin_s_keys_stay() -> None:
    there = run(host(ADMINS), WANTED)
    changed = ADMINS.replace(
        "Index_URL: https://me:secret@old.example/simple\n", f"index-url = {INDEX}\n"
    ).replace("    https://b.example\n", f"    https://b.example\ntrusted-host = {HOST}\n")
    assert there.sources.pip_conf == changed
    read = configparser.RawConfigParser()
    read.read_string(changed)
    assert read["global"]["index-url"] == INDEX
    assert read["global"]["find-links"] == "\nhttps://a.example\nhttps://b.example"


def test_one_key_less_brings_the_admin_s_own_back() -> None:
    there = run(run(host(ADMINS), WANTED), Settings(pip_trusted_host=HOST))
    assert "secret@old.example" in (there.sources.pip_conf or "")
    assert HOST in (there.sources.pip_conf or "")
    assert run(there, Settings()).sources.pip_conf == ADMINS


def test_after_an_edit_only_our_keys_go() -> None:
    there = run(host(ADMINS), WANTED)
    text = f"{there.sources.pip_conf}# mine\n".replace("timeout = 60", "timeout = 9")
    edited = replace(there, sources=replace(there.sources, pip_conf=text))
    back = run(edited, Settings()).sources.pip_conf
    assert back == ADMINS.replace("timeout = 60", "timeout = 9") + "# mine\n"


def test_a_value_that_the_admin_changed_is_theirs() -> None:
    there = run(host(None), WANTED)
    text = f"[global]\nindex-url = https://mine.example/simple\ntrusted-host = {HOST}\n"
    edited = replace(there, sources=replace(there.sources, pip_conf=text))
    back = run(edited, Settings()).sources.pip_conf
    assert back == "[global]\nindex-url = https://mine.example/simple\n"
    assert value_of(run(edited, WANTED).sources.pip_conf or "", "index-url") == INDEX


def test_a_changed_value_of_a_key_that_is_not_ours_any_more_stays() -> None:
    there = run(host(ADMINS), WANTED)
    text = (there.sources.pip_conf or "").replace(INDEX, "https://mine.example/simple")
    edited = replace(there, sources=replace(there.sources, pip_conf=text))
    assert run(edited, Settings(pip_trusted_host=HOST)).sources.pip_conf == text


_lines = st.sampled_from(
    [
        *("[global]", "[install]", "index-url = https://x/", "index_url: https://y/", "timeout=1"),
        *("trusted-host =\n  a\n  b", "# index-url = no", "; c", "", "  ", "x =", "  more\udcff"),
        f"index-url = {INDEX}",
    ]
)


@given(st.lists(_lines).map("\n".join), st.booleans())
def test_the_way_back_is_byte_for_byte(text: str, ended: bool) -> None:
    text += "\n" * ended
    there = run(host(text), WANTED)
    assert value_of(there.sources.pip_conf or "", "index-url") == INDEX
    assert value_of(there.sources.pip_conf or "", "trusted-host") == HOST
    assert plan(WANTED, there).pip is None
    assert run(there, Settings()).sources == SourcesSeen(pip_conf=text)


@pytest.mark.parametrize(
    ("before", "after_"),
    [
        ("", "[global]\nk = 1\n"),
        ("[install]\na = 1", "[install]\na = 1\n[global]\nk = 1\n"),
        ("[global]", "[global]\nk = 1\n"),
        ("[global]\na = 1", "[global]\na = 1\nk = 1\n"),
        ("[global]\n--K=2\n  3\nb = 1\n", "[global]\nk = 1\nb = 1\n"),
    ],
)
def test_a_key_is_set(before: str, after_: str) -> None:
    assert with_lines(before, {"k": "k = 1\n"}) == after_


def test_an_index_of_pip_install_goes_before_ours() -> None:
    text = "[install]\nindex-url = https://me:secret@x/\n"
    (note,) = plan(WANTED, host(text)).notes
    assert "[install]" in note
    assert "secret" not in note
    assert plan(Settings(), host(text)).notes == ()


def test_passwords_of_the_admin_are_not_shown() -> None:
    made = plan(WANTED, host(ADMINS))
    assert f"/etc/pip.conf: index-url: https://***@old.example/simple -> {INDEX}" in [
        f"{change.what}: {change.before} -> {change.after}" for change in made.changes
    ]
    assert made.pip
    assert "secret" not in f"{made.changes}{made.pip.memory}"


def test_a_purge_takes_our_keys_out() -> None:
    there = run(host(ADMINS), WANTED)
    assert after(there, purge_plan(WANTED, there, Leftovers(), Words())).sources.pip_conf == ADMINS
