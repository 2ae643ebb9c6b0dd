"""Names, versions, control files and registry content are like those of the real ones."""

import gzip
import json

import pytest

from lab import debs, registry
from lab.debs import Deb
from lab.tar import File, archive


@pytest.mark.parametrize(
    ("name", "upstream", "codename", "expected"),
    [
        ("docker-ce", "26.1.5", "bookworm", "5:26.1.5-1~debian.12~bookworm"),
        ("docker-ce-cli", "20.10.24", "noble", "5:20.10.24-1~ubuntu.24.04~noble"),
        ("docker-buildx-plugin", "0.13.1", "jammy", "0.13.1-1~ubuntu.22.04~jammy"),
        ("containerd.io", "1.7.24", "trixie", "1.7.24-1"),
    ],
)
def test_versions_have_dockers_form(name: str, upstream: str, codename: str, expected: str) -> None:
    assert debs.version(name, upstream, codename) == expected


@pytest.mark.parametrize(
    ("debian", "upstream"),
    [
        ("26.1.5+dfsg1-9+deb13u1+b1", "26.1.5"),
        ("1.6.20~ds1-1+deb12u3", "1.6.20"),
        ("1:2.3-1", "2.3"),
    ],
)
def test_the_upstream_part_of_debians_versions(debian: str, upstream: str) -> None:
    assert debs.upstream_version(debian) == upstream


def test_file_names_leave_the_epoch_out() -> None:
    assert debs.file_name("docker-ce", "5:26.1.5-1~x", "amd64") == "docker-ce_26.1.5-1~x_amd64.deb"
    assert (
        debs.file_name("containerd.io", "1.7.24-1", "amd64") == "containerd.io_1.7.24-1_amd64.deb"
    )


def fields(name: str, upstream: str) -> dict[str, str]:
    text = debs.control(Deb(name, upstream, "trixie"), "trixie", "amd64")
    return dict(line.split(": ", 1) for line in text.splitlines())


def test_relations_are_like_dockers() -> None:
    engine = fields("docker-ce", "26.1.5")
    assert {"docker-ce-cli", "containerd.io (>= 1.6.4)"} <= set(engine["Depends"].split(", "))
    assert "docker-ce-rootless-extras" in engine["Recommends"]
    assert "docker.io" in engine["Conflicts"]
    runtime = fields("containerd.io", "1.7.24")
    assert runtime["Provides"] == runtime["Conflicts"] == runtime["Replaces"] == "containerd, runc"


def test_only_the_old_engine_needs_devmapper() -> None:
    assert "libdevmapper1.02.1" in fields("docker-ce", "20.10.24")["Depends"]
    assert "libdevmapper1.02.1" not in fields("docker-ce", "26.1.5")["Depends"]


DEBIANS = """\
#!/bin/sh
set -e
rm -rf /var/lib/docker
# Automatically added by dh_installsystemd/13.11.4
deb-systemd-helper enable docker.service
# End automatically added section
# Automatically added by dh_installdeb/13.11.4
dpkg-maintscript-helper mv_conffile /a /b
# End automatically added section
"""


def test_maintainer_scripts_keep_the_services_and_nothing_else() -> None:
    kept = debs.maintainer_script(DEBIANS, "docker-ce", "postinst")
    assert "enable docker.service" in kept
    assert "groupadd --system docker" in kept
    assert "/var/lib/docker" not in kept
    assert "mv_conffile" not in kept


def test_a_script_without_services_is_left_out() -> None:
    assert debs.maintainer_script("#!/bin/sh\ntrue\n", "docker-ce", "prerm") == ""


def test_an_archive_of_the_same_files_has_the_same_bytes() -> None:
    files = {"b": File(b"1"), "a": File(link="b")}
    assert archive(files) == archive(dict(reversed(files.items())))


def test_a_tag_leads_to_a_manifest_that_leads_to_the_layer() -> None:
    layer = archive({"hello.txt": File(b"hello")})
    files = registry.image_files("library/x:1", layer, "amd64", gzip.compress(layer, 1, mtime=0))
    root = "docker/registry/v2"
    this = files[f"{root}/repositories/library/x/_manifests/tags/1/current/link"].decode()

    def data(digest: str) -> bytes:
        return files[f"{root}/blobs/sha256/{digest[7:9]}/{digest[7:]}/data"]

    manifest = json.loads(data(this))
    assert registry.sha256(data(this)) == this
    assert manifest["layers"][0]["size"] == len(data(manifest["layers"][0]["digest"]))
    config = json.loads(data(manifest["config"]["digest"]))
    assert config["rootfs"]["diff_ids"] == [registry.sha256(layer)]
