"""Registry content written as the files of a registry's storage: no engine and no push needed."""

import gzip
import hashlib
import json
from pathlib import Path

from lab import images
from lab.distros import DEBIAN
from lab.paths import CACHE, FILES, digest, locked
from lab.shell import run, stage
from lab.tar import File, archive

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HELLO = """\

Hello from Docker!
This message shows that your installation appears to be working correctly.

(Rackwright's practice registry, hello-world {edition}: a static busybox and this text.)
"""
BASES = {
    "library/debian:12": ("debian", "12"),
    "library/debian:13": ("debian", "13"),
    "library/ubuntu:22.04": ("ubuntu", "22.04"),
    "library/ubuntu:24.04": ("ubuntu", "24.04"),
    "library/busybox:1.37": ("busybox", "1.37"),
}
# The one base that has apt: a true Debian, made by mmdebstrap. Under the second name it is a
# stand-in for NVIDIA's base: it has no CUDA.
WITH_APT = ("library/debian:trixie-slim", "nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04")
# An image of the same bytes on every machine, so that its digest can stand in an inventory.
PAPER = "papers/2026:1"
PAPER_LAYER = archive({"paper.txt": File(b"what a paper was computed with\n")})


def content() -> Path:
    """The folder with the storage of both registries, mirror/ and stale/."""
    root = images.small_root(DEBIAN["debian13"])
    own = (Path(__file__), FILES.parent / "tar.py")
    recipe = digest(root.name, *(file.read_bytes() for file in own))
    folder = CACHE / "registry" / recipe
    with locked(f"registry-{recipe}"):
        if folder.exists():
            return folder
        busybox = static_busybox()
        architecture = run("dpkg", "--print-architecture").strip()
        with stage("registry content"):
            unfinished = folder.with_suffix(".unfinished")
            run("rm", "-rf", unfinished)
            for registry, images_by_name in {
                "mirror": {
                    "library/hello-world:latest": hello_layer(busybox, "current"),
                    **{name: base_layer(busybox, *base) for name, base in BASES.items()},
                    **{name: root.read_bytes() for name in WITH_APT},
                },
                "stale": {"library/hello-world:latest": hello_layer(busybox, "stale")},
            }.items():
                for name, layer in images_by_name.items():
                    packed = gzip.compress(layer, 1, mtime=0)
                    files = image_files(name, layer, architecture, packed)
                    write(unfinished / registry, files)
            write(unfinished / "mirror", paper())
            unfinished.rename(folder)
    return folder


def static_busybox() -> bytes:
    """Debian's static busybox: a whole userland in one file."""
    folder = images.download(DEBIAN["debian12"], ("busybox-static",))
    deb = next(folder.glob("busybox-static_*.deb"))
    unpacked = folder / "busybox-static"
    if not unpacked.exists():
        run("dpkg-deb", "--extract", deb, unpacked)
    return (unpacked / "bin" / "busybox").read_bytes()


def hello_layer(busybox: bytes, edition: str) -> bytes:
    """The one layer of a hello-world image, as a tar archive."""
    text = HELLO.format(edition=edition).encode()
    return archive({"bin/busybox": File(busybox, 0o755), "hello.txt": File(text)})


def base_layer(busybox: bytes, family: str, version: str) -> bytes:
    """A small stand-in for a distribution's base image: busybox and a true-looking os-release."""
    release = f'ID={family}\nVERSION_ID="{version}"\nPRETTY_NAME="{family} {version} (busybox)"\n'
    links = {f"bin/{tool}": File(link="busybox") for tool in ("sh", "cat", "ls", "sleep", "true")}
    return archive(
        {
            "bin/busybox": File(busybox, 0o755),
            "etc/os-release": File(release.encode()),
            "tmp/": File(mode=0o1777),
            **links,
        }
    )


def command(name: str) -> list[str]:
    """What a container of that image runs unless told otherwise."""
    return ["/bin/busybox", "cat", "/hello.txt"] if "hello-world" in name else ["/bin/sh"]


def paper() -> dict[str, bytes]:
    """The files of PAPER. It is not compressed: gzip's bytes are those of its version."""
    return image_files(PAPER, PAPER_LAYER, "amd64")


def write(root: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def saved(name: str, layer: bytes, architecture: str) -> bytes:
    """An image of one layer as `docker save` writes it."""
    entry = {"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}
    return archive(
        {
            "manifest.json": File(dumps([entry])),
            "config.json": File(configuration(name, layer, architecture)),
            "layer.tar": File(layer),
        }
    )


def configuration(name: str, layer: bytes, architecture: str) -> bytes:
    """The configuration of an image of that layer."""
    return dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "created": "2024-01-01T00:00:00Z",
            "config": {"Cmd": command(name), "Env": [f"PATH={PATH}"]},
            "rootfs": {"type": "layers", "diff_ids": [sha256(layer)]},
            "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "rackwright lab"}],
        }
    )


def image_files(
    name: str, layer: bytes, architecture: str, compressed: bytes | None = None
) -> dict[str, bytes]:
    """The files that a registry's storage holds for an image `repository:tag` of one layer."""
    repository, _, tag = name.rpartition(":")
    config = configuration(name, layer, architecture)
    packed, suffix = (layer, "") if compressed is None else (compressed, ".gzip")
    docker = "application/vnd.docker"
    manifest = dumps(
        {
            "schemaVersion": 2,
            "mediaType": f"{docker}.distribution.manifest.v2+json",
            "config": blob(f"{docker}.container.image.v1+json", config),
            "layers": [blob(f"{docker}.image.rootfs.diff.tar{suffix}", packed)],
        }
    )
    root = Path("docker/registry/v2")
    files = {
        str(root / f"blobs/sha256/{sha256(data)[7:9]}/{sha256(data)[7:]}/data"): data
        for data in (packed, config, manifest)
    }
    home = root / "repositories" / repository
    this = sha256(manifest)
    for link, target in {
        f"_layers/sha256/{sha256(packed)[7:]}/link": sha256(packed),
        f"_layers/sha256/{sha256(config)[7:]}/link": sha256(config),
        f"_manifests/revisions/sha256/{this[7:]}/link": this,
        f"_manifests/tags/{tag}/current/link": this,
        f"_manifests/tags/{tag}/index/sha256/{this[7:]}/link": this,
    }.items():
        files[str(home / link)] = target.encode()
    return files


def blob(media_type: str, data: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "size": len(data), "digest": sha256(data)}


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def dumps(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, indent=2).encode()
