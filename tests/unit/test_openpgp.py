"""Keys: whose they are, and which are refused. Keys are generated, and served by a real server."""

from pathlib import Path

import pysequoia
import pytest

from rackwright.laptop.openpgp import KeyRefusedError, fetch, fingerprints
from tests.served import served


def certificate() -> pysequoia.Cert:
    return pysequoia.Tsk.generate(user_id="Test <test@example.org>").extract_certificate()


def test_fingerprints_of_armored_and_binary_keys() -> None:
    key = certificate()
    expected = {key.fingerprint.upper()}
    assert fingerprints(str(key).encode()) == expected
    assert fingerprints(bytes(key)) == expected


def test_every_key_of_a_file_is_seen() -> None:
    one, other = certificate(), certificate()
    both = {one.fingerprint.upper(), other.fingerprint.upper()}
    assert fingerprints(bytes(one) + bytes(other)) == both
    assert fingerprints(f"{one}\n{other}".encode()) == both


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"-----BEGIN PGP"])
def test_what_is_no_key_has_no_fingerprint(content: bytes) -> None:
    assert fingerprints(content) == frozenset()


def test_the_wanted_key_is_fetched(tmp_path: Path) -> None:
    key = certificate()
    (tmp_path / "gpg").write_text(str(key))
    with served(tmp_path) as url:
        assert fetch(f"{url}/gpg", key.fingerprint.upper()) == str(key)


def test_another_key_is_refused_and_both_fingerprints_are_named(tmp_path: Path) -> None:
    key, wanted = certificate(), certificate().fingerprint.upper()
    (tmp_path / "gpg").write_text(str(key))
    with served(tmp_path) as url, pytest.raises(KeyRefusedError) as caught:
        fetch(f"{url}/gpg", wanted)
    assert wanted in str(caught.value)
    assert key.fingerprint.upper() in str(caught.value)


def test_a_second_key_beside_the_wanted_one_is_refused(tmp_path: Path) -> None:
    key = certificate()
    armored = pysequoia.armor(bytes(key) + bytes(certificate()), pysequoia.ArmorKind.PublicKey)
    (tmp_path / "gpg").write_text(str(armored))
    with served(tmp_path) as url, pytest.raises(KeyRefusedError):
        fetch(f"{url}/gpg", key.fingerprint.upper())


def test_a_key_that_is_not_there_names_url_and_remedy(tmp_path: Path) -> None:
    with served(tmp_path) as url, pytest.raises(KeyRefusedError, match="HTTP 404") as caught:
        fetch(f"{url}/gpg", "0" * 40)
    assert f"{url}/gpg" in str(caught.value)
    assert "docker_repo_url" in str(caught.value)
