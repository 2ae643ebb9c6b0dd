"""The cards that a host can be given, and how a host's hardware is named: "a100x8+nvswitch". Pure.

PCI ids: the PCI ID database. Names, memory, power and compute capability: NVIDIA's data sheets.
MIG profiles: NVIDIA's MIG user guide, "Supported MIG Profiles".
"""

import re
from dataclasses import dataclass

from lab.shell import LabError

NONE = "none"


@dataclass(frozen=True)
class Card:
    """A model: PCI device id and class, name, memory in MiB, power in W, MIG profiles.

    A MIG profile is "ID:NAME:COMPUTE SLICES:MEMORY SLICES:MOST". `open_works` says whether NVIDIA's
    open kernel module drives it: Turing and newer.
    """

    device: str
    pci_class: str
    name: str
    memory: int
    power: int
    compute_cap: str
    mig: tuple[str, ...] = ()
    open_works: bool = True


def mig(*names: str) -> tuple[str, ...]:
    """The MIG profiles of a card with seven compute slices: names of 1g, 1g double, 2g, ... 7g."""
    shapes = ("19:{}:1:1:7", "15:{}:1:2:4", "14:{}:2:2:3", "9:{}:3:4:2", "5:{}:4:4:1", "0:{}:7:8:1")
    return tuple(shape.format(name) for shape, name in zip(shapes, names, strict=True))


SMALL = mig("1g.5gb", "1g.10gb", "2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb")
LARGE = mig("1g.10gb", "1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb")

CARDS = {
    "t4": Card("1eb8", "030200", "Tesla T4", 15360, 70, "7.5"),
    "v100": Card("1db1", "030200", "Tesla V100-SXM2-16GB", 16384, 300, "7.0", open_works=False),
    "a10": Card("2236", "030200", "NVIDIA A10", 23028, 150, "8.6"),
    "a100": Card("20b0", "030200", "NVIDIA A100-SXM4-40GB", 40960, 400, "8.0", SMALL),
    "a100-80g": Card("20b2", "030200", "NVIDIA A100-SXM4-80GB", 81920, 400, "8.0", LARGE),
    "h100": Card("2330", "030200", "NVIDIA H100 80GB HBM3", 81559, 700, "9.0", LARGE),
    "rtx4090": Card("2684", "030000", "NVIDIA GeForce RTX 4090", 24564, 450, "8.9"),
}
# GA100's NVSwitch; six of them connect eight A100.
NVSWITCH = ("1af1", "068000")
# What a host can have besides: an NVSwitch, Secure Boot switched on, nouveau in its initramfs.
EXTRAS = ("nvswitch", "secureboot", "nouveau")


@dataclass(frozen=True)
class Profile:
    """A host's hardware: model, how many of it, and extras."""

    card: Card
    count: int
    extras: frozenset[str]


def parse(name: str) -> Profile | None:
    """A host's hardware by name, None for a host without a GPU; raises LabError for others."""
    if name in ("", NONE):
        return None
    base, *extras = name.split("+")
    found = re.fullmatch(r"(.+)x(\d+)", base)
    if not found or found[1] not in CARDS or not set(extras) <= set(EXTRAS) or not int(found[2]):
        raise LabError(
            f"there is no GPU host {name!r} in the lab; write {NONE}, or MODELxCOUNT such as "
            f"t4x1 with any of {', '.join(f'+{extra}' for extra in EXTRAS)}; models are "
            f"{', '.join(CARDS)}"
        )
    return Profile(CARDS[found[1]], int(found[2]), frozenset(extras))
