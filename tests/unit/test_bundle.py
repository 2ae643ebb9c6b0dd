"""The bundle: its index, what a host lacks of it, its folder, and the plans that it makes."""

import gzip
import hashlib
import json
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given

from rackwright.bundle.apply import plan_with_bundle, with_bundled_images
from rackwright.bundle.closure import folder_of
from rackwright.bundle.file import broken, image_file, read_manifest, release_folder
from rackwright.bundle.folder import making
from rackwright.bundle.images import write_archive
from rackwright.bundle.index import index_text, lacking, parse_entries
from rackwright.host.error import HostError, RefusedError
from rackwright.laptop.archives import ArchivedImage, read_archive
from rackwright.laptop.registry import RegistryError, Repository, digest_of
from rackwright.lock.agreement import disagreements
from rackwright.lock.apply import with_exact_versions
from rackwright.lock.file import Lock, LockedPackage
from rackwright.look.observed import Observed
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


@pytest.mark.parametrize(
    "said",
    [
        [],
        ["/data/work", "root /tmp/rackwright-bundle.a1B2c3"],
        ["root /data/work"],
        ["root /tmp/rackwright-bundle.a1B2c3/../../data"],
        ["root "],
    ],
)
def test_no_folder_is_deleted_but_the_one_that_was_made(said: list[str]) -> None:
    assert folder_of(["root /tmp/rackwright-bundle.a1B2c3"]).endswith("/rackwright-bundle.a1B2c3")
    with pytest.raises(HostError, match="was asked for a folder"):
        folder_of(said)


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


def test_two_variants_of_a_release_have_a_file_in_common_also_when_renewed(tmp_path: Path) -> None:
    folder, sha256 = tmp_path / "bundle", hashlib.sha256(b"deb").hexdigest()

    def fetch(path: Path) -> None:
        path.write_bytes(b"deb")

    for fetched in (1, 0):
        with making(folder) as new:
            for _ in range(2):
                assert new.add("a/x.deb", sha256, fetch)
            new.finish(LOCK)
        read_manifest.cache_clear()
        assert new.fetched == fetched


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


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with (
            pytest.raises(SettingsError, match=f"^{folder} cannot be .*: Not a dir"),
            making(folder),
        ):
            pass


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
    images = [LOCK.model_copy(update={"images": {"app:1": f"sha256:{one * 64}"}}) for one in "12"]
    (sentence,) = disagreements(images[0], "x.lock.json", images[1], folder)
    assert sentence.startswith("docker_bundle: b holds app:1 as sha256:222")


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


def test_an_image_is_an_archive_for_docker_load(
    registry: tuple[Repository, str, bytes], tmp_path: Path
) -> None:
    repository, digest, layer = registry
    assert repository.digest("latest") == digest
    assert repository.manifests(digest) == {"amd64": digest}
    one, two = tmp_path / "one.tar", tmp_path / "two.tar"
    write_archive(repository, digest, "hello-world:latest", one)
    write_archive(repository, digest, "hello-world:latest", two)
    assert one.read_bytes() == two.read_bytes()
    with tarfile.open(one) as archive:
        files = {
            name: file.read() for name in archive.getnames() if (file := archive.extractfile(name))
        }
    (listing,) = json.loads(files["manifest.json"])
    assert listing["RepoTags"] == ["hello-world:latest"]
    assert gzip.decompress(files[listing["Layers"][0]]) == layer
    assert listing["Config"] in files
    # Its ID in an engine, and in containerd's image store.
    read = read_archive(one)
    assert read.ids == {digest_of(files[listing["Config"]]), digest}
    assert read.tags == {"hello-world:latest"}


def test_a_blob_with_other_bytes_is_refused(
    registry: tuple[Repository, str, bytes], tmp_path: Path
) -> None:
    repository, digest, _ = registry
    folder = tmp_path / "v2" / "library" / "hello-world"
    for blob in (folder / "blobs").iterdir():
        blob.write_bytes(blob.read_bytes() + b"!")
    with pytest.raises(RegistryError, match="a registry answered sha256:"):
        write_archive(repository, digest, "hello-world:latest", tmp_path / "x.tar")
    (folder / "manifests" / digest).write_bytes(b"{}")
    with pytest.raises(RegistryError, match="a registry answered sha256:"):
        repository.manifests(digest)


def test_an_image_of_the_older_bundle_is_not_fetched_again(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    made: list[str] = []

    def make(content: str) -> Callable[[Path], None]:
        def write(path: Path) -> None:
            made.append(content)
            path.write_text(content)

        return write

    for digest, content in (("1", "one"), ("1", "one"), ("2", "two")):
        images = {"app:1": f"sha256:{digest * 64}"}
        with making(folder) as new:
            new.make("images/app:1-amd64.tar", make(content), known=new.images == images)
            new.finish(LOCK.model_copy(update={"images": images}))
        read_manifest.cache_clear()
        assert (folder / "images" / "app:1-amd64.tar").read_text() == content
    assert made == ["one", "two"]


def test_a_host_of_a_bundle_has_the_images_that_are_in_there(
    registry: tuple[Repository, str, bytes], tmp_path: Path
) -> None:
    repository, digest, _ = registry
    folder = tmp_path / "bundle"
    with making(folder) as new:
        for tag in ("app:1", "web:2"):
            archive = partial(write_archive, repository, digest, tag)
            new.make(image_file(tag, "amd64"), archive, known=False)
        new.finish(LOCK)
    held = read_manifest(folder)
    settings = Settings(
        docker_images=["app:1", "other:1", {"name": "old:1", "state": "absent"}],
        docker_containers={"web": {"image": "web:2"}},
    )
    app, other, old, web = with_bundled_images(settings, folder, held, "amd64").docker_images
    assert (app.name, app.file) == ("app:1", str(folder / "images/app:1-amd64.tar"))
    assert isinstance(app, ArchivedImage)
    assert digest in app.ids
    assert isinstance(web, ArchivedImage)
    assert (other.file, old.file) == (None, None)
    assert with_bundled_images(settings, folder, held, "arm64").docker_images[0].file is None
    (folder / "images" / "web:2-amd64.tar").write_text("rot")
    read_archive.cache_clear()
    with pytest.raises(RefusedError, match=r"is damaged: .*web:2-amd64"):
        with_bundled_images(settings, folder, held, "amd64")
