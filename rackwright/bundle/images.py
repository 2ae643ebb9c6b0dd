"""An image as a file for docker load, made from a registry without an engine."""

import gzip
import io
import json
import tarfile

from rackwright.laptop.registry import RegistryError, Repository, digest_of


def docker_archive(repository: Repository, digest: str, reference: str) -> bytes:
    """A docker-archive (as `docker save` writes it, for every engine) of one architecture's image.

    Everything is checked against the digest; the same image always gives the same bytes. Raises
    RegistryError, or requests.RequestException.
    """
    manifest = repository.manifest(digest)
    config = repository.blob(manifest["config"]["digest"])
    wanted = json.loads(config)["rootfs"]["diff_ids"]
    layers = [_unpacked(repository.blob(layer["digest"])) for layer in manifest["layers"]]
    if [digest_of(layer) for layer in layers] != wanted:
        raise RegistryError(f"the layers of {reference} are not those that its manifest names")
    config_name = f"{digest_of(config).removeprefix('sha256:')}.json"
    names = [f"{digest_of(layer).removeprefix('sha256:')}/layer.tar" for layer in layers]
    listing = [{"Config": config_name, "RepoTags": [reference], "Layers": names}]
    files = {config_name: config, **dict(zip(names, layers, strict=True))}
    return _tar({**files, "manifest.json": json.dumps(listing).encode()})


def _unpacked(layer: bytes) -> bytes:
    return gzip.decompress(layer) if layer[:2] == b"\x1f\x8b" else layer


def _tar(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)  # without owner and time
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()
