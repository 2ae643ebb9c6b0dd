"""The bundle: its index, what a host lacks of it, its folder, and the plans that it makes."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

from rackwright.bundle.apply import disagreements, plan_with_bundle
from rackwright.bundle.file import broken, read_manifest, release_folder
from rackwright.bundle.folder import making
from rackwright.bundle.images import docker_archive
from rackwright.bundle.index import index_text, lacking, parse_entries
from rackwright.laptop.registry import RegistryError, Repository, digest_of
from rackwright.lock.apply import with_exact_versions
from rackwright.lock.file import Lock, LockedPackage
from rackwright.look.observed import Observed
from rackwright.plan import RefusedError
from rackwright.settings import Settings, SettingsError
from rackwright.steps.engine import wanted_packages
from tests.served import served
from tests.unit.states import BARE, NEWEST, PASSWORDS, after, hosts, settings_
from tests.unit.test_lock import LOCK, every_package

SHOWN = f"""\
Package: docker-ce
Version: {NEWEST}
Architecture: amd64
Filename: dists/x/pool/docker-ce_26.1.5-1~x_amd64.deb
SHA256: {"a" * 64}
Description: an engine
 Filename: is not a field here

Package: netbase
Version: 6.5
Architecture: all
Filename: pool/main/n/netbase_6.5_all.deb
SHA256: {"b" * 64}

Package: netbase
Version: 6.5
Architecture: all
Filename: pool/security/netbase_6.5_all.deb
SHA256: {"b" * 64}
"""
ENTRIES = parse_entries(SHOWN.splitlines())


def test_entries_are_those_of_the_signed_indexes_each_once() -> None:
    assert [(entry.package, entry.file, entry.downloaded) for entry in ENTRIES] == [
        (
            "docker-ce",
            "docker-ce_26.1.5-1~x_amd64.deb",
            "docker-ce_5%3a26.1.5-1~debian.12~bookworm_amd64.deb",
        ),
        ("netbase", "netbase_6.5_all.deb", "netbase_6.5_all.deb"),
    ]


def test_the_index_names_files_beside_it_and_reads_back_the_same() -> None:
    text = index_text(reversed(ENTRIES))
    assert "\nFilename: ./docker-ce_26.1.5-1~x_amd64.deb\n" in text
    assert "\n Filename: is not a field here\n" in text
    again = parse_entries(text.splitlines())
    assert [(each.file, each.sha256) for each in again] == [
        (each.file, each.sha256) for each in ENTRIES
    ]


def test_a_host_lacks_what_apt_would_install_and_was_not_sent() -> None:
    new = f"Inst docker-ce ({NEWEST} localhost [amd64])"
    upgrade = "Inst netbase [6.4] (6.5 localhost [all])"
    assert lacking([new, upgrade], ENTRIES) == ENTRIES
    assert lacking([new, upgrade, f"{'b' * 64}  /x/netbase_6.5_all.deb"], ENTRIES) == ENTRIES[:1]
    assert lacking([upgrade, f"{'c' * 64}  /x/netbase_6.5_all.deb"], ENTRIES) == ENTRIES[1:]
    assert lacking([], ENTRIES) == []


def fill(folder: Path, content: bytes = b"deb") -> int:
    """Make a bundle of one file; returns how many files had to be fetched."""
    with making(folder) as new:
        sha256 = hashlib.sha256(content).hexdigest()

        def fetch(path: Path) -> None:
            path.write_bytes(content)

        assert new.add("a/x.deb", sha256, fetch)
        new.finish(LOCK)
    return new.fetched


def test_a_file_that_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    assert [fill(folder), fill(folder), fill(folder, b"other")] == [1, 0, 1]
    assert (folder / "a" / "x.deb").read_bytes() == b"other"
    (folder / "a" / "x.deb").write_bytes(b"rot")
    assert fill(folder, b"other") == 1
    assert list(tmp_path.iterdir()) == [folder]


def test_a_bundle_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    fill(folder)
    with pytest.raises(RuntimeError), making(folder) as new:
        new.write("a/y.deb", b"y")
        raise RuntimeError
    assert [path.name for path in (folder / "a").iterdir()] == ["x.deb"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_run_that_ended_between_the_renames_is_made_good(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    fill(folder)
    folder.rename(tmp_path / ".bundle.replaced")
    assert fill(folder) == 0


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(SettingsError, match="holds something else"), making(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_damaged_file_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    fill(folder)
    assert broken(folder, "a/") == ()
    broken.cache_clear()
    (folder / "a" / "x.deb").unlink()
    assert broken(folder, "a/") == ("a/x.deb",)
    with pytest.raises(SettingsError, match="is no bundle"):
        read_manifest(tmp_path / "nothing")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose files are what its manifest says."""
    folder = tmp_path_factory.mktemp("made") / "bundle"
    fill(folder)
    return folder


@given(settings=settings_, host=hosts)
def test_a_host_of_a_bundle_needs_no_repository_and_then_nothing(
    made: Path, settings: Settings, host: Observed
) -> None:
    packages = {
        name: LockedPackage(version="5:28.0.1-1~x", sha256="d" * 64)
        for name in wanted_packages(settings)
    }
    offline = {"docker_source": "bundle", "docker_bundle": str(made)}
    exact = with_exact_versions(settings.model_copy(update=offline), packages)
    manifest = read_manifest(made)
    try:
        plan = plan_with_bundle(exact, host, made, manifest, passwords=PASSWORDS)
    except RefusedError:
        return
    assert plan.repository is None
    assert (plan.bundle is None) == (plan.engine is None)
    if plan.bundle and plan.engine:
        assert plan.bundle.packages == plan.engine.packages
        assert any(note.startswith("Docker's packages come from the bundle") for note in plan.notes)
    later = after(exact, host, plan)
    assert plan_with_bundle(exact, later, made, manifest, passwords=PASSWORDS).changes == ()


def test_a_bundle_keeps_to_the_lock() -> None:
    folder = Path("b")
    assert disagreements(LOCK, "x.lock.json", LOCK, folder) == []
    packages = {**every_package(), "containerd.io": LockedPackage(version="1-1", sha256="0" * 64)}
    other = Lock(keys=LOCK.keys, packages={"debian/bookworm/amd64": {"stable/latest": packages}})
    (sentence,) = disagreements(LOCK, "x.lock.json", other, folder)
    assert sentence.startswith("docker_bundle: b holds containerd.io=1-1 for debian/bookworm/amd64")


def test_a_bundle_has_to_be_named() -> None:
    with pytest.raises(ValueError, match="name the bundle's folder"):
        Settings(docker_source="bundle")
    assert release_folder("debian/bookworm/amd64") == "debian-bookworm-amd64"
    assert BARE.architecture == "amd64"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[tuple[Repository, str, bytes]]:
    """A registry with one image of one layer: repository, digest, the layer unpacked."""
    layer = b"layer" * 99
    packed = gzip.compress(layer, mtime=0)
    config = json.dumps({"architecture": "amd64", "rootfs": {"diff_ids": [digest_of(layer)]}})
    manifest = json.dumps(
        {
            "config": {"digest": digest_of(config.encode())},
            "layers": [{"digest": digest_of(packed)}],
        }
    ).encode()
    folder = tmp_path / "v2" / "library" / "hello-world"
    (folder / "blobs").mkdir(parents=True)
    (folder / "manifests").mkdir()
    (folder / "manifests" / "latest").write_bytes(manifest)
    (folder / "manifests" / digest_of(manifest)).write_bytes(manifest)
    for content in (config.encode(), packed):
        (folder / "blobs" / digest_of(content)).write_bytes(content)
    with served(tmp_path) as url:
        yield Repository(url, "library/hello-world"), digest_of(manifest), layer


def test_an_image_is_an_archive_for_docker_load(registry: tuple[Repository, str, bytes]) -> None:
    repository, digest, layer = registry
    assert repository.manifests("latest") == {"amd64": digest}
    packed = docker_archive(repository, digest, "hello-world:latest")
    assert packed == docker_archive(repository, digest, "hello-world:latest")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        files = {
            name: file.read() for name in archive.getnames() if (file := archive.extractfile(name))
        }
    (listing,) = json.loads(files["manifest.json"])
    assert listing["RepoTags"] == ["hello-world:latest"]
    assert files[listing["Layers"][0]] == layer
    assert listing["Config"] in files


def test_a_blob_with_other_bytes_is_refused(
    registry: tuple[Repository, str, bytes], tmp_path: Path
) -> None:
    repository, digest, _ = registry
    for blob in (tmp_path / "v2" / "library" / "hello-world" / "blobs").iterdir():
        blob.write_bytes(blob.read_bytes() + b"!")
    with pytest.raises(RegistryError, match="a registry answered sha256:"):
        docker_archive(repository, digest, "hello-world:latest")
