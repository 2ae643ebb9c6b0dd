"""The files that make a host look as if it had that hardware: those below /lab/gpu. Pure.

kernel.sh mounts and fills them when the host boots; smi.sh and the others read and change them.
"""

import shlex
import struct
from pathlib import Path

from lab.gpu.cards import NVSWITCH, Profile
from lab.paths import FILES
from lab.tar import File

ROOT = "lab/gpu"
SCRIPTS = FILES / "gpu"
VENDOR = "10de"
BUSES = (0x07, 0x0F, 0x47, 0x4E, 0x87, 0x90, 0xB7, 0xBD)
# Where they call a stand-in by another name than that of its file.
PROGRAMS = {"mokutil.sh": "usr/local/bin/mokutil", "uname.sh": "usr/local/bin/uname"}
MODULES = ("nvidia", "nvidia-uvm", "nvidia-modeset", "nvidia-drm", "nouveau")
UNIT = """\
[Unit]
Description=Boot of the simulated GPU host
DefaultDependencies=no
Before=systemd-journald.service sysinit.target
After=local-fs-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/lab/gpu/bin/kernel.sh boot
StandardOutput=null

[Install]
WantedBy=sysinit.target
"""
UPTIME = """\
[Unit]
Description=Uptime of the simulated GPU host
DefaultDependencies=no
After=lab-gpu.service

[Service]
ExecStart=/lab/gpu/bin/kernel.sh uptime

[Install]
WantedBy=sysinit.target
"""
UNITS = {"lab-gpu.service": UNIT, "lab-uptime.service": UPTIME}
# efivars(7): four bytes of attributes, then the value.
SECURE_BOOT = "firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


def files(profile: Profile) -> dict[str, File]:
    """All files of a host with that hardware, by path."""
    made = {f"{ROOT}/{path}": File(text) for path, text in state(profile).items()}
    for folder in ("", "kernel/", "mode/", "proc/", "pci/"):
        made[f"{ROOT}/{folder}"] = File(mode=0o755)
    for script in sorted(SCRIPTS.glob("*.sh")):
        path = PROGRAMS.get(script.name, f"{ROOT}/bin/{script.name}")
        made[path] = File(script.read_bytes(), 0o755)
    made["etc/modprobe.d/lab.conf"] = File(modprobe_rules().encode())
    for name, unit in UNITS.items():
        made[f"etc/systemd/system/{name}"] = File(unit.encode())
        made[f"etc/systemd/system/sysinit.target.wants/{name}"] = File(link=f"../{name}")
    return made


def state(profile: Profile) -> dict[str, bytes]:
    """The content of the files below /lab/gpu, programs left out."""
    secure_boot = "secureboot" in profile.extras
    machine = {
        **{"nvswitch": "nvswitch" in profile.extras, "nouveau": "nouveau" in profile.extras},
        **{"efi": "1", "secure_boot": secure_boot, "key_enrolled": False},
        **{"open_works": profile.card.open_works, "dkms_fails": False},
    }
    made = {"machine": assignments(machine)}
    for number in range(profile.count):
        made[f"card/{number}"] = assignments(card(profile, number))
        made |= pci(bus(number), profile.card.device, profile.card.pci_class)
    if "nvswitch" in profile.extras:
        for number in range(6):
            made |= pci(f"0000:{0xC1 + number:02x}:00.0", *NVSWITCH)
    made[SECURE_BOOT] = bytes([6, 0, 0, 0, secure_boot])
    return made


def bus(number: int) -> str:
    """The PCI address of a host's card of that number, as in an eight-card server."""
    return f"0000:{BUSES[number % len(BUSES)] + number // len(BUSES):02x}:00.0"


def card(profile: Profile, number: int) -> dict[str, object]:
    """The variables of a card's file: what stays and what tests change."""
    model = profile.card
    has_ecc = "GeForce" not in model.name
    return {
        "name": model.name,
        "device": model.device.upper(),
        **{"bus": bus(number), "bus_id": f"0000{bus(number)}".upper()},
        "uuid": f"GPU-{number:08x}-1ab0-5eed-9a1f-{int(model.device, 16):012x}",
        "serial": f"15649203{number:05}" if has_ecc else "[N/A]",
        **{"vbios": "92.00.45.00.03", "compute_cap": model.compute_cap, "pstate": "P0"},
        **{"memory": model.memory, "memory_used": 4, "job_memory": 1024, "utilization": 0},
        **{
            "temperature": 31,
            "power": f"{model.power / 7:.2f}",
            "power_limit": f"{model.power}.00",
        },
        "ecc": "Enabled" if has_ecc else "[N/A]",
        "ecc_corrected": "0" if has_ecc else "[N/A]",
        "ecc_uncorrected": "0" if has_ecc else "[N/A]",
        "retired_pending": "No" if has_ecc and not model.mig else "[N/A]",
        **{"throttle": "", "lost": False, "mig_profiles": " ".join(model.mig)},
        "fabric": "In Progress" if "nvswitch" in profile.extras else "",
    }


def pci(address: str, device: str, pci_class: str) -> dict[str, bytes]:
    """What sysfs shows of a PCI device; with it lspci works as well."""
    config = struct.pack(
        "<HHHHBBBB", int(VENDOR, 16), int(device, 16), 0x0406, 0x0010, 0xA1,
        *bytes.fromhex(pci_class)[::-1],
    )  # fmt: skip
    return {
        f"pci/{address}/vendor": f"0x{VENDOR}\n".encode(),
        f"pci/{address}/device": f"0x{device}\n".encode(),
        f"pci/{address}/class": f"0x{pci_class}\n".encode(),
        f"pci/{address}/subsystem_vendor": f"0x{VENDOR}\n".encode(),
        f"pci/{address}/subsystem_device": b"0x134f\n",
        f"pci/{address}/resource": b"",
        f"pci/{address}/irq": b"42\n",
        f"pci/{address}/config": config.ljust(64, b"\0"),
    }


def assignments(values: dict[str, object]) -> bytes:
    """Shell assignments, one a line; later ones that are appended win."""
    texts = {key: str(int(v)) if isinstance(v, bool) else str(v) for key, v in values.items()}
    return "".join(f"{key}={shlex.quote(text)}\n" for key, text in texts.items()).encode()


def modprobe_rules() -> str:
    """What makes the real modprobe go to the simulated kernel for the modules of a card."""
    script = f"/{ROOT}/bin/kernel.sh"
    lines = [f"install {m} {script} load {m}\nremove {m} {script} unload {m}\n" for m in MODULES]
    return "".join(lines)


def scripts() -> list[Path]:
    """The programs' files, for recipes."""
    return sorted(SCRIPTS.glob("*.sh"))
