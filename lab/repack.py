"""Sort the files of Debian's packages into Docker's packages, and pack them again."""

import shutil
from functools import partial
from pathlib import Path

from lab import debs
from lab.debs import Deb
from lab.paths import FILES
from lab.shell import at_once, run

SCRIPTS = ("preinst", "postinst", "prerm", "postrm")


def release_folder(root: Path, codename: str) -> Path:
    """Where a release lives below the root, such as linux/ubuntu/dists/noble."""
    return root / "linux" / debs.RELEASES[codename].partition(".")[0] / "dists" / codename


def repack_all(
    downloads: dict[str, Path], packages: dict[str, tuple[str, ...]], scratch: Path, target: Path
) -> None:
    """Make every package of every release, in the pools below target.

    downloads are the folders, and packages the names, of Debian's packages by suite.
    """
    architecture = run("dpkg", "--print-architecture").strip()
    todo = [(suite, package) for suite in downloads for package in packages[suite]]
    trees_in_order = at_once(
        lambda each: unpack(downloads[each[0]], each[1], scratch / each[0]), todo, workers=2
    )
    unpacked: dict[str, dict[str, Path]] = {suite: {} for suite in downloads}
    for (suite, package), tree in zip(todo, trees_in_order, strict=True):
        unpacked[suite][package] = tree
    work = []
    for suite, trees in unpacked.items():
        for name, tree in payloads(suite, trees, unpacked["bookworm"], scratch).items():
            control = (tree / "DEBIAN" / "control").read_text()
            debian_version = next(
                line.split()[1] for line in control.splitlines() if line.startswith("Version:")
            )
            deb = Deb(name, debs.upstream_version(debian_version), suite)
            work.append((deb, tree))
    at_once(partial(build_for_all_releases, scratch, target, architecture), work, workers=2)


def unpack(folder: Path, package: str, scratch: Path) -> Path:
    """Unpack a downloaded package with its control files (in DEBIAN/); return the folder."""
    tree = scratch / package
    tree.parent.mkdir(parents=True, exist_ok=True)
    run("dpkg-deb", "--raw-extract", next(folder.glob(f"{package}_*.deb")), tree)
    return tree


def payloads(
    suite: str, trees: dict[str, Path], bookworm: dict[str, Path], scratch: Path
) -> dict[str, Path]:
    """Sort the files of Debian's packages of one suite into Docker's packages, by name.

    Each tree keeps the control files of the Debian package that it comes mostly from. runc,
    docker-init and rootlesskit are Debian 12's for all: later ones do not run on its C library.
    """
    engine, containerd = trees["docker.io"], trees["containerd"]
    client = trees.get("docker-cli") or scratch / suite / "client"
    if "docker-cli" not in trees:
        move(engine / "usr/bin/docker", client / "usr/bin/docker")
        shutil.copytree(engine / "DEBIAN", client / "DEBIAN")
    rootless = scratch / suite / "rootless"
    contrib = engine / "usr/share/docker.io/contrib"
    for script in ("dockerd-rootless.sh", "dockerd-rootless-setuptool.sh"):
        move(contrib / script, rootless / "usr/bin" / script)
    for program in ("rootlesskit", "rootlesskit-docker-proxy"):
        copy(bookworm["rootlesskit"] / "usr/bin" / program, rootless / "usr/bin" / program)
    shutil.copytree(engine / "DEBIAN", rootless / "DEBIAN")
    for program in ("dockerd", "docker-proxy"):
        move(engine / "usr/sbin" / program, engine / "usr/bin" / program)
    for extra in ("etc", "usr/share", "usr/sbin", "usr/bin/dnet", "usr/bin/docker-init"):
        remove(engine / extra)
    copy(bookworm["tini"] / "usr/bin/tini-static", engine / "usr/bin/docker-init")
    copy(bookworm["runc"] / "usr/sbin/runc", containerd / "usr/bin/runc")
    copy(FILES / "containerd.toml", containerd / "etc/containerd/config.toml")
    copy(FILES / "docker.service", unit_folder(engine) / "docker.service")
    found = {
        "docker-ce": engine,
        "docker-ce-cli": client,
        "docker-ce-rootless-extras": rootless,
        "containerd.io": containerd,
    }
    for plugin in ("buildx", "compose"):
        if f"docker-{plugin}" in trees:
            remove(trees[f"docker-{plugin}"] / "usr/bin")
            found[f"docker-{plugin}-plugin"] = trees[f"docker-{plugin}"]
    for tree in found.values():
        remove(tree / "usr/share")
    return found


def build_for_all_releases(
    scratch: Path, target: Path, architecture: str, work: tuple[Deb, Path]
) -> None:
    """Pack one package for each release, one after the other.

    Not at once: each makes hard links to the same files, and tar takes that for a change of them.
    """
    for codename in debs.RELEASES:
        build(scratch, target, architecture, *work, codename)


def build(
    scratch: Path, target: Path, architecture: str, deb: Deb, payload: Path, codename: str
) -> None:
    """Pack one package for one release into the release's pool."""
    tree = scratch / "build" / f"{deb.name}-{deb.upstream}-{codename}"
    # Hard links: only the control files and the place of the units differ between releases.
    shutil.copytree(payload, tree, symlinks=True, copy_function=hard_link)
    shutil.rmtree(tree / "DEBIAN")
    units = unit_folder(tree)
    if units.exists():
        wanted = "lib" if codename in debs.OLD_UNIT_FOLDER else "usr/lib"
        if units != tree / wanted / "systemd/system":
            move(units, tree / wanted / "systemd/system")
            remove(units.parent)
    write_control(tree / "DEBIAN", deb, payload / "DEBIAN", codename, architecture)
    pool = release_folder(target, codename) / "pool/stable" / architecture
    pool.mkdir(parents=True, exist_ok=True)
    full_version = debs.version(deb.name, deb.upstream, codename)
    run(
        *("dpkg-deb", "--root-owner-group", "-Zzstd", "-z1", "--build", tree),
        pool / debs.file_name(deb.name, full_version, architecture),
    )
    shutil.rmtree(tree)


def write_control(folder: Path, deb: Deb, debian: Path, codename: str, architecture: str) -> None:
    """Write DEBIAN/: the control file, the scripts that handle services, the conffiles."""
    folder.mkdir()
    (folder / "control").write_text(debs.control(deb, codename, architecture))
    for kind in SCRIPTS if deb.name in ("docker-ce", "containerd.io") else ():
        script = debian / kind
        kept = debs.maintainer_script(script.read_text(), deb.name, kind) if script.exists() else ""
        if kept:
            (folder / kind).write_text(kept)
            (folder / kind).chmod(0o755)
    if deb.name == "containerd.io":
        (folder / "conffiles").write_text("/etc/containerd/config.toml\n")


def unit_folder(tree: Path) -> Path:
    old = tree / "lib/systemd/system"
    return old if old.exists() else tree / "usr/lib/systemd/system"


def hard_link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)


def copy(source: Path, target: Path) -> None:
    """Copy a file as a new one: the target may be a hard link that others still use."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    shutil.copy(source, target)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
