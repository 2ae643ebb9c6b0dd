"""The container toolkit's packages, as in NVIDIA's libnvidia-container repository. Pure.

Sources: NVIDIA/nvidia-container-toolkit, packaging/debian and deployments/systemd (the units since
1.18.0), and the "Installation Guide" of its documentation.
"""

from lab.gpu.hardware import SCRIPTS
from lab.gpu.package import Package, program, script
from lab.tar import File

VERSIONS = ("1.17.8", "1.19.1")
REFRESH = "nvidia-cdi-refresh"
CONFIG = """\
# A stand-in's: the real file has more.
[nvidia-container-cli]
load-kmods = true

[nvidia-container-runtime]
mode = "auto"
runtimes = ["runc", "crun"]
"""
SERVICE = """\
[Unit]
Description=Refresh NVIDIA CDI specification file
ConditionPathExists=|/usr/bin/nvidia-smi
ConditionPathExists=|/usr/sbin/nvidia-smi
ConditionPathExists=/usr/bin/nvidia-ctk
After=multi-user.target

[Service]
Type=oneshot
Environment=NVIDIA_CTK_CDI_OUTPUT_FILE_PATH=/var/run/cdi/nvidia.yaml
EnvironmentFile=-/etc/nvidia-container-toolkit/nvidia-cdi-refresh.env
ExecCondition=/usr/bin/grep -qE '/(nvidia|nvidia-current)\\\\.ko' /lib/modules/%v/modules.dep
ExecStart=/usr/bin/nvidia-ctk cdi generate
RemainAfterExit=yes

[Install]
WantedBy=multi-user.target
"""
PATH_UNIT = """\
[Unit]
Description=Trigger CDI refresh on NVIDIA driver install / uninstall events

[Path]
PathChanged=/lib/modules/%v/modules.dep
PathChanged=/lib/modules/%v/modules.dep.bin

[Install]
WantedBy=multi-user.target
"""


def packages(version: str) -> list[Package]:
    """The four packages of one version."""
    release = f"{version}-1"
    base, tools, library = (
        "nvidia-container-toolkit-base",
        "libnvidia-container-tools",
        "libnvidia-container1",
    )
    return [
        Package(
            "nvidia-container-toolkit",
            release,
            (f"{base} (= {release})", f"{tools} (>= {release})", f"{tools} (<< 2.0.0)"),
            files={
                "usr/bin/nvidia-container-runtime-hook": program((SCRIPTS / "hook.sh").read_text()),
                "usr/bin/nvidia-container-toolkit": File(link="nvidia-container-runtime-hook"),
            },
        ),
        Package(base, release, files=base_files(version), scripts=base_scripts(version)),
        Package(
            tools,
            release,
            (f"{library} (>= {release})", f"{library} (<< 2.0.0)"),
            files={"usr/bin/nvidia-container-cli": calls("cli.sh", version)},
        ),
        Package(
            library,
            release,
            files={
                f"usr/lib/x86_64-linux-gnu/libnvidia-container.so.{version}": File(b"stand-in\n")
            },
        ),
    ]


def calls(name: str, version: str) -> File:
    """A program of that version whose text is a file of the lab."""
    text = f"#!/bin/sh\n# A stand-in.\nversion={version}\n. /lab/gpu/bin/{name}\n"
    return program(text)


def refreshes(version: str) -> bool:
    """Whether that version refreshes the CDI specification by itself."""
    return tuple(map(int, version.split("."))) >= (1, 18)


def base_files(version: str) -> dict[str, File]:
    files = {
        "usr/bin/nvidia-ctk": calls("ctk.sh", version),
        "usr/bin/nvidia-container-runtime": program((SCRIPTS / "runtime.sh").read_text()),
        "etc/nvidia-container-runtime/config.toml": File(CONFIG.encode()),
    }
    if refreshes(version):
        units = "usr/lib/systemd/system"
        files[f"{units}/{REFRESH}.service"] = File(SERVICE.encode())
        files[f"{units}/{REFRESH}.path"] = File(PATH_UNIT.encode())
    return files


def base_scripts(version: str) -> dict[str, str]:
    if not refreshes(version):
        return {}
    units = f"{REFRESH}.path {REFRESH}.service"
    return {
        "postinst": script(
            "systemctl daemon-reload",
            f"systemctl enable --quiet {units}",
            f"systemctl restart {units} || :",
        ),
        "prerm": script(f"systemctl disable --now --quiet {units} || :"),
    }
