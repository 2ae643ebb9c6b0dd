"""The driver's packages, named and split as in NVIDIA's CUDA repository and Ubuntu's archive. Pure.

Sources: NVIDIA's "Driver Installation Guide" (Debian, Ubuntu), its CUDA repositories' folders
debian12/x86_64 and ubuntu2404/x86_64, and the package pages of Debian's and Ubuntu's archives.
Simplified: packages for screens and videos are left out, and Debian's have had the same split since
535 here, with nvidia-driver-cuda since 570.
"""

from lab.gpu.module import kernel_module
from lab.gpu.package import Package, program, script
from lab.shell import LabError
from lab.tar import File

# Branch: the CUDA version that its nvidia-smi shows, and its releases, oldest first.
BRANCHES = {
    "535": ("12.2", ("535.247.01", "535.261.03")),
    "550": ("12.4", ("550.144.03", "550.163.01")),
    "570": ("12.8", ("570.133.20", "570.172.08")),
    "580": ("13.0", ("580.95.05", "580.105.08")),
}
NEWEST = "580"
LIBRARIES = "usr/lib/x86_64-linux-gnu"
BLACKLIST = File(
    b"# installed by the driver's package\nblacklist nouveau\noptions nouveau modeset=0\n"
)
UNITS = {
    "nvidia-persistenced": "NVIDIA Persistence Daemon",
    "nvidia-fabricmanager": "NVIDIA fabric manager service",
}


def branch(version: str) -> str:
    """The branch of a driver version: "570.133.20" -> "570". Raises LabError for unknown ones."""
    found = version.partition(".")[0]
    if found not in BRANCHES:
        raise LabError(f"there is no driver {version} in the lab; it has {', '.join(BRANCHES)}")
    return found


def tool(version: str) -> dict[str, File]:
    """nvidia-smi of that version."""
    cuda = BRANCHES[branch(version)][0]
    text = f"#!/bin/sh\n# A stand-in for nvidia-smi.\nversion={version}\ncuda={cuda}\n"
    return {"usr/bin/nvidia-smi": program(text + ". /lab/gpu/bin/smi.sh\n")}


def libraries(version: str) -> dict[str, File]:
    """The libraries by which a mismatch with the kernel module is seen."""
    names = ("libnvidia-ml.so", "libcuda.so")
    text = f"a stand-in of version {version}\n".encode()
    return {f"{LIBRARIES}/{name}.{version}": File(text) for name in names}


def daemon(name: str, program_name: str, version: str) -> dict[str, File]:
    """A daemon of that version, and its unit."""
    start = f"#!/bin/sh\n# A stand-in.\nset -- {version}\n. /lab/gpu/bin/daemons.sh\n"
    unit = (
        f"[Unit]\nDescription={UNITS[name]}\n[Service]\nType=notify\nNotifyAccess=all\n"
        f"ExecStart=/usr/bin/{program_name}\n[Install]\nWantedBy=multi-user.target\n"
    )
    return {
        f"usr/bin/{program_name}": program(start),
        f"usr/lib/systemd/system/{name}.service": File(unit.encode()),
    }


def dkms(
    name: str, version: str, release: str, *, open_: bool, depends: str, alone: str
) -> Package:
    """A package that builds the kernel module when it is configured, as Debian's dkms does it."""
    sources = f"usr/src/nvidia-{version}"
    conf = f'PACKAGE_NAME="nvidia"\nPACKAGE_VERSION="{version}"\nAUTOINSTALL="yes"\n'
    module = kernel_module(version, "Dual MIT/GPL" if open_ else "NVIDIA")
    return Package(
        name,
        release,
        ("dkms (>= 3.0)", depends),
        alone,
        files={f"{sources}/dkms.conf": File(conf.encode()), f"{sources}/nvidia.ko": File(module)},
        scripts={
            "postinst": script(
                '[ "$1" = configure ] || exit 0',
                f"dkms add -m nvidia -v {version}",
                "newest=$(ls /boot/vmlinuz-* | sed 's|/boot/vmlinuz-||' | sort -V | tail -n 1)",
                'for kernel in $(printf "%s\\n" "$(uname -r)" "$newest" | sort -u); do',
                '    if [ -e "/lib/modules/$kernel/build" ]; then',
                f'        dkms install -m nvidia -v {version} -k "$kernel"',
                "    else",
                '        echo "Module build for kernel $kernel was skipped since the'
                ' kernel headers for this kernel do not seem to be installed."',
                "    fi",
                "done",
            ),
            "prerm": script(f"dkms remove -m nvidia -v {version} --all || :"),
        },
    )


def started(unit: str) -> dict[str, str]:
    """The scripts of a package whose daemon runs as soon as it can."""
    return {
        "postinst": script(
            "systemctl daemon-reload",
            f"systemctl enable --quiet {unit}",
            f"systemctl start {unit} || :",
        ),
        "prerm": script(f"systemctl disable --now --quiet {unit} || :"),
    }


def debian(version: str) -> list[Package]:
    """One release in the CUDA repository of Debian."""
    number, release = branch(version), f"{version}-1"
    same = f"(= {release})"
    support, smi, driver = "nvidia-kernel-support", "nvidia-smi", "nvidia-driver"
    persistenced, compute = "nvidia-persistenced", "nvidia-driver-cuda"
    closed, open_ = "nvidia-kernel-dkms", "nvidia-kernel-open-dkms"
    user = (f"{smi} {same}", f"libcuda1 {same}", f"{persistenced} {same}")
    made = [
        Package(support, release, files={"etc/modprobe.d/nvidia.conf": BLACKLIST}),
        dkms(
            closed,
            version,
            release,
            open_=False,
            depends=f"{support} {same}",
            alone="nvidia-kernel",
        ),
        dkms(
            open_, version, release, open_=True, depends=f"{support} {same}", alone="nvidia-kernel"
        ),
        Package("libnvidia-ml1", release, files=libraries(version)),
        Package("libcuda1", release, (f"libnvidia-ml1 {same}",)),
        Package(smi, release, (f"libnvidia-ml1 {same}",), files=tool(version)),
        Package(
            persistenced,
            release,
            (f"libnvidia-ml1 {same}",),
            files=daemon(persistenced, persistenced, version),
            scripts=started(persistenced),
        ),
        Package(driver, release, (*user, f"{closed} {same} | {open_} {same}")),
        *metas(
            number, release, f"{driver} {same}, {closed} {same}", f"{driver} {same}, {open_} {same}"
        ),
        *nvswitch(fabric_branch(number), version, release),
    ]
    if int(number) >= 560:
        made.append(Package(compute, release, user))
    return made


def ubuntu(version: str, release: str, flavour: str = "") -> list[Package]:
    """One release in the CUDA repository of Ubuntu, or with "-server" in Ubuntu's own archive."""
    number = branch(version) + flavour
    same = f"(= {release})"
    common, utils = f"nvidia-kernel-common-{number}", f"nvidia-utils-{number}"
    library, compute = f"libnvidia-compute-{number}", f"nvidia-compute-utils-{number}"
    user = (f"{library} {same}", f"{utils} {same}", f"{compute} {same}")
    made = [
        Package(
            common,
            release,
            alone="nvidia-kernel-common",
            files={"etc/modprobe.d/nvidia-graphics-drivers-kms.conf": BLACKLIST},
        ),
        Package(library, release, alone="libnvidia-compute", files=libraries(version)),
        Package(utils, release, (f"{library} {same}",), "nvidia-utils", files=tool(version)),
        Package(
            compute,
            release,
            (f"{library} {same}",),
            "nvidia-compute-utils",
            files=daemon("nvidia-persistenced", "nvidia-persistenced", version),
            scripts=started("nvidia-persistenced"),
        ),
    ]
    for kind in ("", "-open"):
        built = f"nvidia-dkms-{number}{kind}"
        module = (f"{built} {same}", f"{common} {same}")
        made += [
            dkms(
                *(built, version, release),
                open_=bool(kind),
                depends=f"{common} {same}",
                alone="nvidia-dkms-kernel",
            ),
            Package(f"nvidia-driver-{number}{kind}", release, (*module, *user)),
            Package(f"nvidia-headless-{number}{kind}", release, (*module, *user[::2])),
        ]
    if not flavour:
        full = f"nvidia-driver-{number}"
        made += metas(number, release, f"{full} {same}", f"{full}-open {same}")
    if flavour:
        return [*made, *nvswitch(f"-{branch(version)}", version, release)]
    return [*made, *nvswitch(fabric_branch(number), version, f"{version}-1")]


def metas(number: str, release: str, closed: str, open_: str) -> list[Package]:
    """The names that NVIDIA's guide tells one to install: of a branch, and of the newest."""
    made = []
    for name, depends in (("cuda-drivers", closed), ("nvidia-open", open_)):
        made.append(Package(f"{name}-{number}", release, (depends,)))
        if number == NEWEST:
            made.append(Package(name, release, (f"{name}-{number} (= {release})",)))
    return made


def fabric_branch(number: str) -> str:
    """The branch in the names of what NVSwitches need; NVIDIA's have none from 580 on."""
    return "" if int(number) >= 580 else f"-{number}"


def nvswitch(ending: str, version: str, release: str) -> list[Package]:
    """What a server with NVSwitches needs, of exactly the driver's version."""
    name = "nvidia-fabricmanager"
    return [
        Package(
            name + ending, release, alone=name, files=daemon(name, "nv-fabricmanager", version)
        ),
        Package("libnvidia-nscq" + ending, release, alone="libnvidia-nscq"),
    ]


def releases() -> list[str]:
    """All driver versions, oldest first."""
    return [version for _, versions in BRANCHES.values() for version in versions]
