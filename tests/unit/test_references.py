"""Names of images: what Docker reads as one, and how it shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.settings.references import is_digest, reference, registry, repository, tag

SHA = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("debian", "debian:latest"),
        ("docker.io/library/debian:12", "debian:12"),
        ("index.docker.io/team/app:1.2-rc_3", "team/app:1.2-rc_3"),
        ("library/debian:12", "debian:12"),
        (f"debian@{SHA}", f"debian@{SHA}"),
        ("registry.example:5000/a/b__c/d-e:V1", "registry.example:5000/a/b__c/d-e:V1"),
        ("localhost/app", "localhost/app:latest"),
        ("LAN/app", "LAN/app:latest"),
        ("[2001:db8::1]:5000/app:1", "[2001:db8::1]:5000/app:1"),
        ("registry.example:5000/library/debian", "registry.example:5000/library/debian:latest"),
    ],
)
def test_a_name_is_shown_as_docker_shows_it(written: str, shown: str) -> None:
    assert reference(written) == shown


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "write NAME:TAG"),
        ("-x", "lower-case letters and digits"),
        ("--force", "lower-case"),
        ("Debian:12", "lower-case"),
        ("debian:12\n", "write NAME:TAG"),
        ("a b", "lower-case"),
        ("a\nb", "write NAME:TAG"),
        ("debian:", "lower-case"),
        ("debian:-1", "lower-case"),
        ("a//b", "lower-case"),
        ("a..b", "lower-case"),
        ("https://registry.example/app", "lower-case"),
        ("debian:" + "x" * 129, "lower-case"),
        ("a" * 250, "at most 255 characters"),
        ("0" * 64, "an image's ID"),
        ("debian@sha256:12", "write NAME:TAG"),
        (f"debian:12@{SHA}", "ignores the tag beside a digest"),
        ("$(reboot)", "lower-case"),
    ],
)
def test_what_is_no_name_is_refused(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        reference(written)


def test_a_tag_is_no_digest() -> None:
    assert tag("app") == "app:latest"
    with pytest.raises(ValueError, match="a tag has no digest"):
        tag(f"app@{SHA}")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("debian:12", ("docker.io", "debian", False)),
        ("team/app:1", ("docker.io", "team/app", False)),
        ("r.example:5000/app:1", ("r.example:5000", "r.example:5000/app", False)),
        (f"r.example:5000/app@{SHA}", ("r.example:5000", "r.example:5000/app", True)),
    ],
)
def test_the_parts_of_a_name(name: str, parts: tuple[str, str, bool]) -> None:
    assert (registry(name), repository(name), is_digest(name)) == parts


@given(st.text("aZ0.-_/:@\n$ ", max_size=20))
def test_whatever_is_accepted_is_safe_and_stays_what_it_is(written: str) -> None:
    try:
        name = reference(written)
    except ValueError:
        return
    assert reference(name) == name
    assert not name.startswith("-")
    assert not set(name) & set("\n$ ")
