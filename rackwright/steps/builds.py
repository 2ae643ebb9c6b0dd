"""Builds: which images a host has to build, tag and push."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rackwright.change import Change
from rackwright.docker.docker_create import differing, hashes
from rackwright.laptop.builds import ReadBuild
from rackwright.look.builds import BASE, MADE_OF, SOURCE, BuildsSeen
from rackwright.look.images import Images
from rackwright.look.observed import Observed
from rackwright.settings import Settings
from rackwright.settings.builds import Build, kind_of
from rackwright.settings.references import registry
from rackwright.steps.images import ImagesStep, tag_change, together

# What Docker calls, and the packages that bring it.
_PACKAGES = {"git": "git", "xz": "xz-utils"}
_WHY = {"git": "Docker clones with it", "xz-utils": "Docker unpacks with it"}


@dataclass(frozen=True)
class BuildsStep:
    """What to install, to pull to build on it, to build by name, to tag, and to push.

    `images` has the pulls, the tags, and the names that mean another image afterwards.
    """

    packages: tuple[str, ...] = ()
    images: ImagesStep = field(default_factory=ImagesStep)
    builds: tuple[tuple[str, ReadBuild], ...] = ()
    pushes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()


def fingerprint(build: ReadBuild) -> str:
    """The same for builds of the same things; a hash for each setting."""
    made_of = {
        "context or Dockerfile": [build.content, build.context or "", build.dockerfile or ""],
        "args": [f"{name}={value}" for name, value in sorted(build.args.items())],
        "labels": [f"{name}={value}" for name, value in sorted(build.labels.items())],
        "target": [build.target] if build.target else [],
        "secrets": sorted(build.secrets),
    }
    return hashes(made_of)


def source_of(build: Build) -> str:
    """What builds.sh asks whether there is something else by now, KIND#URL; "" for what is here."""
    kind = kind_of(build.context)
    return f"{kind}#{build.context}" if kind in ("git", "url") else ""


def names_of(name: str, build: Build) -> tuple[str, ...]:
    """Every name of an image that a look at the host has to tell of for a build."""
    return (name, *build.tags, *(build.bases if isinstance(build, ReadBuild) else ()))


def builds_step(
    settings: Settings, observed: Observed, images: ImagesStep | None
) -> BuildsStep | None:
    """What makes the host's images those of `docker_builds`; None when they are.

    `images` is what happens to images before.
    """
    there, seen = observed.images or Images(now=0), observed.builds or BuildsSeen()
    coming = images or ImagesStep()
    read = {n: build for n, build in settings.docker_builds.items() if isinstance(build, ReadBuild)}
    new, pulls = set(coming.surely_new), dict[str, str]()
    while True:
        # A base that is pulled for one of them is another image for all of them.
        steps = list(_steps(read, there, seen, new | set(pulls)))
        built = {name: build for step in steps for name, build in step.builds}
        missing = {
            base: name
            for name, build in built.items()
            for base in build.bases
            if base not in new | {each for n, b in read.items() for each in (n, *b.tags)}
            and there.named(base) is None
        }
        if missing.keys() <= pulls.keys():
            break
        pulls |= missing
    packages = _packages(built.values(), seen)
    pulled = [_change(base, "absent", "pulled", f"{n} is built on it") for base, n in pulls.items()]
    installed = [_change(each, "not installed", "installed", _WHY[each]) for each in packages]
    merged = BuildsStep(
        packages=packages,
        images=together(ImagesStep(pulls=tuple(pulls)), *(step.images for step in steps)),
        builds=tuple(built.items()),
        pushes=tuple(name for step in steps for name in step.pushes),
        changes=(*installed, *pulled, *(change for step in steps for change in step.changes)),
    )
    return merged if merged.changes else None


def _steps(
    builds: Mapping[str, ReadBuild], there: Images, seen: BuildsSeen, new: set[str]
) -> Iterator[BuildsStep]:
    """A step for each build, and one for what it pushes; `new` are names that mean other images."""
    for name, build in builds.items():
        image = there.named(name)
        if reason := _reason(name, build, there, seen, new):
            new = new | {name, *build.tags}
            before, after = image.short if image else "absent", f"built from {_shown(build)}"
            yield BuildsStep(
                images=ImagesStep(surely_new=frozenset({name, *build.tags})),
                builds=((name, build),),
                changes=(_change(name, before, after, reason),),
            )
        else:
            tags = [tag for tag in build.tags if there.named(tag) != image]
            yield BuildsStep(
                images=ImagesStep(tags=tuple((name, tag) for tag in tags)),
                changes=tuple(tag_change("builds", name, tag, there) for tag in tags),
            )
        if build.push:
            known = image.id if image and name not in new else ""
            pushes = [each for each in _public(name, build) if (each, known) not in seen.pushed]
            yield BuildsStep(
                pushes=tuple(pushes),
                changes=tuple(_change(p, "not pushed", "pushed", "push is set") for p in pushes),
            )


def _reason(name: str, build: ReadBuild, there: Images, seen: BuildsSeen, new: set[str]) -> str:
    """Why it has to be built; "" when the host has it."""
    image = there.named(name)
    if image is None:
        return "docker_builds names it"
    before, now = image.labels.get(MADE_OF, ""), fingerprint(build)
    if before != now:
        other = differing(before, now)
        return f"{', '.join(other)} changed" if other else "it was made of something else"
    for base in build.bases:
        was, at = image.labels.get(BASE + base), there.named(base)
        if base in new or (was and at and at.id != was):
            return f"it is built on {base}, which is another image now"
    source = seen.sources.get(build.context or "")
    if source is None or (source and source == image.labels.get(SOURCE)):
        return ""
    if source:
        return f"{build.context} has something else now, and docker_build_refresh is on"
    return f"docker_build_refresh is on, and {build.context} does not say what it has"


def _public(name: str, build: ReadBuild) -> list[str]:
    """The names that are pushed: not those of Docker Hub, unless the image's own is one."""
    hub = registry(name) == "docker.io"
    return [each for each in (name, *build.tags) if hub or registry(each) != "docker.io"]


def _packages(builds: Iterable[ReadBuild], seen: BuildsSeen) -> tuple[str, ...]:
    kinds = [(kind_of(build.context), build.context or "") for build in builds]
    needed = {
        "git": any(kind == "git" for kind, _ in kinds),
        "xz": any(kind != "git" and context.endswith(".xz") for kind, context in kinds),
    }
    return tuple(_PACKAGES[tool] for tool, is_ in needed.items() if is_ and tool not in seen.tools)


def _shown(build: ReadBuild) -> str:
    dockerfile = build.template or build.dockerfile
    if build.context and dockerfile:
        return f"{build.context} with {dockerfile}"
    return build.context or dockerfile or ""


def _change(what: str, before: str, after: str, reason: str) -> Change:
    return Change("builds", what, before, after, reason)
