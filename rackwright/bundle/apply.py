"""The plan of a host whose packages come from a bundle: a host of its own, with no network."""

from dataclasses import replace
from pathlib import Path

from rackwright.bundle.file import Manifest, broken, image_file, release_folder
from rackwright.host.error import RefusedError
from rackwright.laptop.archives import ArchiveError, with_archive
from rackwright.laptop.passwords import Passwords
from rackwright.lock.agreement import AGAIN
from rackwright.lock.apply import release_key
from rackwright.lock.images import tags_of
from rackwright.look.mirrors import ProbedMirrors
from rackwright.look.observed import Observed
from rackwright.plan import Plan
from rackwright.planning import plan
from rackwright.settings import Settings
from rackwright.settings.images import Image
from rackwright.settings.references import HELLO
from rackwright.steps.bundle import BundleImageStep, bundle_step


def plan_with_bundle(
    settings: Settings,
    observed: Observed,
    folder: Path,
    manifest: Manifest,
    probed: ProbedMirrors | None = None,
    passwords: Passwords | None = None,
) -> Plan:
    """The plan of a host; `settings` are those with the bundle's exact versions.

    Raises RefusedError when the host must not be touched as it is, and when a part of the bundle
    that it needs is not as it was made.
    """
    planned = plan(settings, observed, probed, passwords)
    if planned.empty:
        return planned
    release = release_folder(release_key(observed))
    bundle = bundle_step(str(folder / release), planned.engine)
    image = image_file(HELLO, observed.architecture)
    loads = planned.hello_world and image in manifest.files
    loaded = (Path(each.file or "") for each in (planned.images.loads if planned.images else ()))
    parts = [
        *([f"{release}/"] if bundle else []),
        *([image] if loads else []),
        *(str(file.relative_to(folder)) for file in loaded if file.is_relative_to(folder)),
    ]
    if damaged := [file for part in parts for file in broken(folder, part)]:
        raise RefusedError(
            (f"the bundle {folder} is damaged: {', '.join(damaged)}; {AGAIN} and deploy again",)
        )
    note = f"Docker's packages come from the bundle {folder}"
    return replace(
        planned,
        bundle=bundle,
        bundle_image=BundleImageStep(str(folder / image), HELLO) if loads else None,
        # The index that is sent along is the only one that counts.
        engine=replace(planned.engine, refresh=False) if planned.engine else None,
        notes=(*planned.notes, *([note] if bundle else [])),
    )


def with_bundled_images(
    settings: Settings, folder: Path, manifest: Manifest, architecture: str
) -> Settings:
    """The settings of a host, with the images that the bundle has for it as files.

    Raises RefusedError when one cannot be read.
    """
    images = {each.name: each for each in settings.docker_images}
    for tag in tags_of(settings):
        file = image_file(tag, architecture)
        if file not in manifest.files:
            continue
        known = images.get(tag, Image(name=tag))
        try:
            images[tag] = with_archive(known.model_copy(update={"file": str(folder / file)}))
        except ArchiveError as error:
            raise RefusedError((f"the bundle {folder} is damaged: {error}; {AGAIN}",)) from None
    return settings.model_copy(update={"docker_images": tuple(images.values())})
