"""An image as a file for docker load, made from a registry without an engine."""

import io
import json
import tarfile
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from rackwright.laptop.registry import Repository

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def write_archive(repository: Repository, digest: str, reference: str, path: Path) -> None:
    """Write one architecture's image to a file as Docker 25 and later save it: for every engine.

    Its layers stay packed as they are in the registry, and everything is checked against the
    digest; the same image always gives the same bytes. Raises RegistryError, or
    requests.RequestException.
    """
    content, manifest = repository.manifest(digest)
    config, layers = manifest["config"]["digest"], [each["digest"] for each in manifest["layers"]]
    listing = [
        {"Config": _blob(config), "RepoTags": [reference], "Layers": [_blob(one) for one in layers]}
    ]
    described = {
        "mediaType": manifest.get("mediaType", OCI_MANIFEST),
        "digest": digest,
        "size": len(content),
        # By this, containerd's image store knows the name.
        "annotations": {"io.containerd.image.name": reference},
    }
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        texts = {
            "oci-layout": {"imageLayoutVersion": "1.0.0"},
            "index.json": {"schemaVersion": 2, "manifests": [described]},
            "manifest.json": listing,
        }
        for name, data in texts.items():
            _add(archive, name, io.BytesIO(json.dumps(data).encode()))
        _add(archive, _blob(digest), io.BytesIO(content))
        for blob in dict.fromkeys((config, *layers)):
            with TemporaryFile(dir=path.parent) as file:
                repository.save(blob, file)
                _add(archive, _blob(blob), file)


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _add(archive: tarfile.TarFile, name: str, file: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)  # without owner and time
    member.size = file.seek(0, io.SEEK_END)
    file.seek(0)
    archive.addfile(member, file)
