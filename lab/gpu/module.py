"""A kernel module that modinfo and depmod can read, and nothing can load. Pure.

Only ELF headers and the section .modinfo: elf(5), and the kernel's Documentation/kbuild/modules.
"""

import struct


def kernel_module(version: str, license_: str) -> bytes:
    """An nvidia.ko with that version and license, a stand-in by its own description."""
    described = {
        **{"version": version, "license": license_, "name": "nvidia"},
        **{
            "description": "stand-in for practice hosts",
            "alias": "pci:v000010DEd*sv*sd*bc03sc02i00*",
        },
    }
    info = b"".join(f"{key}={value}\0".encode() for key, value in described.items())
    names = b"\0.modinfo\0.shstrtab\0"
    header, section = 64, 64
    offsets = (header, header + len(info))
    table = header + len(info) + len(names)
    elf = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01", 1, 62, 1, 0, 0, table, 0, header, 0, 0, section, 3, 2,
    )  # fmt: skip
    sections = [
        bytes(section),
        struct.pack("<IIQQQQIIQQ", 1, 1, 2, 0, offsets[0], len(info), 0, 0, 1, 0),
        struct.pack("<IIQQQQIIQQ", 10, 3, 0, 0, offsets[1], len(names), 0, 0, 1, 0),
    ]
    return elf + info + names + b"".join(sections)
