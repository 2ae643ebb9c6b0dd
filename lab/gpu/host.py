"""Practice hosts with simulated GPUs: how they are made, changed, kept busy and rebooted."""

import shlex

from lab import images
from lab.containers import full_name
from lab.distros import Distro
from lab.engine import docker
from lab.gpu import hardware, kernels, repository
from lab.gpu.cards import Profile
from lab.shell import LabError, run, wait_for
from lab.tar import File

# systemd's reboot ends the container with an error, and the engine starts it again.
OPTIONS = ("--restart=on-failure",)
SOURCE = """\
Types: deb
URIs: {url}/distribution/{family}
Suites: ./
Signed-By: /usr/share/keyrings/practice-hosts.asc
"""
# The stand-ins for kernels and dkms go before those of the distribution.
PIN = "Package: *\nPin: release l=Practice hosts kernel\nPin-Priority: 1001\n"


def image(base: str, distro: Distro) -> str:
    """The image of a host with GPUs, made of one without: it has a kernel's package."""
    architecture = run("dpkg", "--print-architecture").strip()
    packages = kernels.installed(distro.family, kernels.running())
    debs = {f"lab/{each.name}.deb": File(each.deb(architecture)) for each in packages}
    script = "set -e; dpkg --install /lab/*.deb; rm /lab/*.deb"
    return images.derive(base, f"{distro.name}-gpu", debs, script)


def files(profile: Profile, url: str, family: str) -> dict[str, File]:
    """The files of a host with that hardware, whose distribution is served below that URL."""
    key = repository.source() / "distribution" / family / "key.asc"
    return {
        **hardware.files(profile),
        "etc/apt/sources.list.d/practice-hosts.sources": File(
            SOURCE.format(url=url, family=family).encode()
        ),
        "etc/apt/preferences.d/practice-hosts": File(PIN.encode()),
        "usr/share/keyrings/practice-hosts.asc": File(key.read_bytes()),
    }


def set_card(host: str, number: int, **values: object) -> None:
    """Change what a card of a host says of itself, such as temperature=91 or lost=True."""
    append(host, f"card/{number}", values)


def set_machine(host: str, **values: object) -> None:
    """Change a host's hardware: secure_boot, key_enrolled, nouveau, dkms_fails. Boots read it."""
    append(host, "machine", values)
    if "secure_boot" in values:
        number = "\\001" if values["secure_boot"] else "\\000"
        execute(host, f"printf '\\006\\000\\000\\000{number}' > /lab/gpu/{hardware.SECURE_BOOT}")


def append(host: str, file: str, values: dict[str, object]) -> None:
    text = hardware.assignments(values).decode()
    execute(host, f"printf %s {shlex.quote(text)} >> /{hardware.ROOT}/{file}")


def boot_id(host: str) -> str:
    """What tells one boot of a host from another: its own, not that of this machine."""
    return execute(host, "cat /proc/sys/kernel/random/boot_id").strip()


def reboot(host: str) -> None:
    """Reboot a host as its admin would, and wait until it runs again."""
    before = boot_id(host)
    docker("exec", "--detach", full_name(host), "systemctl", "reboot")
    wait_for(f"{host} has rebooted", lambda: booted_since(host, before), 90)


def booted_since(host: str, before: str) -> bool:
    """Whether the host is up, and that is another boot than the one of that boot_id."""
    try:
        running = execute(host, "systemctl is-system-running --wait || :").strip()
        return boot_id(host) != before and running in ("running", "degraded")
    except LabError:
        return False


def execute(host: str, script: str) -> str:
    """Run a shell script as root inside a host, beside ssh; return what it prints."""
    return docker("exec", full_name(host), "sh", "-ec", script)
