"""The kernels of a simulated GPU host: packages of the one that this machine runs, and later ones.

Named as Debian names them (linux-image-RELEASE, linux-headers-RELEASE, and metapackages that follow
the newest), with the stand-in for dkms beside them.
"""

import platform
import re

from lab.gpu.hardware import SCRIPTS
from lab.gpu.module import kernel_module
from lab.gpu.package import Package, program, script
from lab.tar import File

META = {"debian": "amd64", "ubuntu": "generic"}
# What the postinst of Debian's own packages of modules calls.
COMMON_POSTINST = """\
#!/bin/sh
set -e
dkms add -m "$1" -v "$2"
for kernel in $(printf "%s\\n" "$(uname -r)" $(ls /lib/modules) | sort -u); do
    [ ! -e "/lib/modules/$kernel/build" ] || dkms install -m "$1" -v "$2" -k "$kernel"
done
"""
HOOK = """\
#!/bin/sh
# What Debian's dkms leaves for new kernels: builds what can be built.
[ -e "/lib/modules/$1/build" ] || {
    echo "dkms: autoinstall for kernel $1 was skipped since its headers are not installed."
    exit 0
}
exec dkms autoinstall -k "$1"
"""


def running() -> str:
    """The kernel of this machine, which all hosts share."""
    return platform.release()


def later(release: str, by: int) -> str:
    """The name of a kernel that is newer by so many patch levels: "6.8.0-51" -> "6.8.1-51"."""
    found = re.match(r"(\d+\.\d+\.)(\d+)", release)
    if found is None:
        raise ValueError(f"no kernel version in {release!r}")
    return f"{found[1]}{int(found[2]) + by}{release[found.end() :]}"


def packages(family: str, release: str) -> list[Package]:
    """The kernels of a distribution: running, next, and one whose headers are nowhere."""
    following, orphan = later(release, 1), later(release, 2)
    made = [image(family, each) for each in (release, following, orphan)]
    made += [headers(each) for each in (release, following)]
    for each in (release, following):
        made += metas(family, each)
    return [*made, dkms()]


def installed(family: str, release: str) -> list[Package]:
    """What a GPU host starts with."""
    return [image(family, release), metas(family, release)[0]]


def metas(family: str, release: str) -> list[Package]:
    """The metapackages that follow that kernel."""
    version = package_version(release)
    return [
        Package(f"linux-{kind}-{META[family]}", version, (f"linux-{kind}-{release} (= {version})",))
        for kind in ("image", "headers")
    ]


def package_version(release: str) -> str:
    return f"{release.partition('-')[0]}-1"


def image(family: str, release: str) -> Package:
    """A kernel; Ubuntu's asks for a reboot."""
    asks = "touch /run/reboot-required" if family == "ubuntu" else ":"
    return Package(
        f"linux-image-{release}",
        package_version(release),
        files={
            f"boot/vmlinuz-{release}": File(b"stand-in\n"),
            f"usr/lib/modules/{release}/modules.builtin": File(),
            f"usr/lib/modules/{release}/modules.builtin.modinfo": File(),
            f"usr/lib/modules/{release}/modules.order": File(),
        },
        scripts={
            "postinst": script(
                f"depmod {release}",
                "[ ! -d /etc/kernel/postinst.d ] || "
                f"run-parts --arg={release} --arg=/boot/vmlinuz-{release} /etc/kernel/postinst.d",
                asks,
            ),
        },
    )


def headers(release: str) -> Package:
    """The headers of a kernel."""
    sources = f"usr/src/linux-headers-{release}"
    return Package(
        f"linux-headers-{release}",
        package_version(release),
        files={
            f"{sources}/Makefile": File(b"# stand-in\n"),
            f"usr/lib/modules/{release}/build": File(link=f"/{sources}"),
        },
        scripts={
            "postinst": script(
                "[ ! -d /etc/kernel/header_postinst.d ] || "
                f"run-parts --arg={release} /etc/kernel/header_postinst.d"
            )
        },
    )


def dkms() -> Package:
    """The stand-in for dkms."""
    hooks = ("postinst.d", "header_postinst.d")
    return Package(
        "dkms",
        "3.0.10-8+lab1",
        files={
            "usr/sbin/dkms": program((SCRIPTS / "dkms.sh").read_text()),
            "usr/lib/dkms/common.postinst": program(COMMON_POSTINST),
            "usr/share/dkms/module.ko": File(kernel_module("@" * 24, "NVIDIA")),
            **{f"etc/kernel/{hook}/dkms": program(HOOK) for hook in hooks},
        },
    )
