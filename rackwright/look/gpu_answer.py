"""What gpu.sh printed on a host, read into the host's GPUs."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from rackwright.laptop.openpgp import fingerprints
from rackwright.look.gpu import Cdi, Gpu, GpuContainer, GpuProcess, Gpus, Unit
from rackwright.look.package import Package

# clocks_throttle_reasons.active is a bit mask (nvml.h, nvmlClocksEventReasons): what is no
# wish of the admin's and no idleness, in words.
_SLOWED = {
    0x08: "hardware slowdown",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "power brake",
}
# Classes of PCI: VGA and 3D controllers, and "other bridge", which an NVSwitch is.
_GPU_CLASSES = ("0x0300", "0x0302")
_SWITCH_CLASS = "0x0680"
# What NVIDIA_VISIBLE_DEVICES says where a container gets none (NVIDIA, "Specialized Configurations
# with Docker").
_NO_DEVICES = ("", "void", "none")


def parse_gpus(values: Mapping[str, list[str]]) -> Gpus:
    """Gpus from what gpu.sh printed, by key. Raises ValueError or KeyError."""
    one = {key: found[0] for key, found in values.items()}
    pci = [line.split() for line in values.get("gpu_pci", ())]
    loaded = one.get("gpu_loaded", "")
    docker = json.loads(one.get("gpu_docker", "{}"))
    visible = {name: _value(said) for name, said in _pairs(values, "gpu_visible")}
    by_id = dict(_containers(values.get("gpu_container", ()), visible))
    files = {path: _text(text) for path, text in _pairs(values, "gpu_file")}
    return Gpus(
        devices=tuple(_hex(device) for _, kind, device in pci if kind.startswith(_GPU_CLASSES)),
        switches=sum(kind.startswith(_SWITCH_CLASS) for _, kind, _ in pci),
        kernel=one.get("gpu_kernel", ""),
        next_kernel=one.get("gpu_next_kernel", ""),
        headers=frozenset(values.get("gpu_headers", ())),
        modules=dict(_pairs(values, "gpu_module")),
        loaded=_version(loaded),
        loaded_open="Open Kernel Module" in loaded,
        nouveau="gpu_nouveau" in one,
        nouveau_off="gpu_nouveau_off" in one,
        secure_boot="gpu_secure_boot" in one,
        key_enrolled="gpu_key_enrolled" in one,
        signing_key=one.get("gpu_key", Gpus.signing_key),
        packages=dict(_packages(values.get("gpu_package", ()))),
        sources={path: _text(text) for path, text in _pairs(values, "gpu_source")},
        keyrings={
            path: fingerprints(text.encode()) for path, text in files.items() if ".asc" in path
        },
        files={path: text for path, text in files.items() if ".asc" not in path},
        gpus=_gpus(values.get("gpu_smi", ()), values.get("gpu_list", ())),
        failed=" ".join(values.get("gpu_smi_failed", ())).strip(),
        cuda=one.get("gpu_cuda", ""),
        processes=_processes(values, by_id),
        containers=tuple(each for each in by_id.values() if each.way),
        cdi=Cdi(
            files=tuple(values.get("gpu_cdi_file", ())),
            names=frozenset(values.get("gpu_cdi_name", ())),
            drivers=frozenset(values.get("gpu_cdi_driver", ())),
            in_force=bool(docker.get("CDISpecDirs")),
        ),
        runtimes=frozenset(docker.get("Runtimes") or ()),
        default_runtime=docker.get("DefaultRuntime", ""),
        units={name: _unit(told) for name, told in _pairs(values, "gpu_unit")},
    )


def _pairs(values: Mapping[str, list[str]], key: str) -> Iterable[tuple[str, str]]:
    for line in values.get(key, ()):
        first, _, rest = line.partition(" ")
        yield first, rest


def _text(encoded: str) -> str:
    return base64.b64decode(encoded, validate=True).decode(errors="surrogateescape")


def _hex(number: str) -> str:
    return number.removeprefix("0x")


def _version(line: str) -> str | None:
    # "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Tue Jan 14 ...".
    found = re.search(r"Module\b.*?\s(\d+\.[\d.]*\d)\s", f"{line} ")
    return found[1] if found else None


def _packages(lines: Iterable[str]) -> Iterable[tuple[str, Package]]:
    for line in lines:
        name, version, status = line.split()
        yield name, Package(version, status)


def _gpus(rows: Iterable[str], listed: Iterable[str]) -> tuple[Gpu, ...]:
    profiles = _profiles(listed)
    return tuple(_gpu([word.strip() for word in row.split(",")], profiles) for row in rows)


def _gpu(words: list[str], profiles: Mapping[str, list[str]]) -> Gpu:
    index, uuid, bus, name, driver, persistence, mig, pending, *rest = words
    memory, used, temperature, ecc, slowed = map(_number, rest)
    return Gpu(
        index=index,
        uuid=uuid,
        bus=bus.lower(),
        name=name,
        driver=driver,
        persistence=persistence == "Enabled",
        mig=_switch(mig),
        mig_pending=_switch(pending),
        memory=memory,
        memory_used=used,
        temperature=temperature,
        ecc_errors=ecc,
        slowed=tuple(words for bit, words in _SLOWED.items() if (slowed or 0) & bit),
        profiles=tuple(profiles.get(index, ())),
    )


def _switch(word: str) -> bool | None:
    return {"Enabled": True, "Disabled": False}.get(word)


def _number(word: str) -> int | None:
    # "[N/A]", "[Not Supported]" and "[Unknown Error]" are no numbers.
    return int(word, 0) if re.fullmatch(r"\d+|0x[0-9a-fA-F]+", word) else None


def _profiles(listed: Iterable[str]) -> dict[str, list[str]]:
    """Profiles of the MIG devices that nvidia-smi -L lists below each GPU, by its number."""
    found: dict[str, list[str]] = {}
    index = ""
    for line in listed:
        if gpu := re.match(r"\s*GPU (\d+):", line):
            index = gpu[1]
        elif mig := re.match(r"\s*MIG (\S+)\s+Device", line):
            found.setdefault(index, []).append(mig[1])
    return found


def _value(said: str) -> str:
    """That of a variable, from its JSON string "NAME=VALUE"."""
    return str(json.loads(said)).partition("=")[2]


def _containers(
    lines: Iterable[str], visible: Mapping[str, str]
) -> Iterable[tuple[str, GpuContainer]]:
    """Containers by their ID; `visible` is NVIDIA_VISIBLE_DEVICES of those that have it."""
    for line in lines:
        found, name, runtime, requests = line.split(" ", 3)
        asked: list[dict[str, Any]] = json.loads(requests) or []
        cdi = bool(asked) and all(each.get("Driver") == "cdi" for each in asked)
        # The runtime of every container may be NVIDIA's, which gives GPUs to those that name some.
        named = runtime == "nvidia" and visible.get(found, "") not in _NO_DEVICES
        way = "runtime" if named or (asked and not cdi) else "cdi" if cdi else ""
        yield found, GpuContainer(name.lstrip("/"), runtime, way)


def _processes(
    values: Mapping[str, list[str]], by_id: Mapping[str, GpuContainer]
) -> tuple[GpuProcess, ...]:
    owners = {pid: rest.split() for pid, rest in _pairs(values, "gpu_pid")}
    found = []
    for row in filter(str.strip, values.get("gpu_app", ())):
        # A name may hold a comma. A line without any is a warning of nvidia-smi's.
        if row.count(",") < 2:
            continue
        gpu, pid, rest = (word.strip() for word in row.split(",", 2))
        if pid in values.get("gpu_gone", ()):  # it ended between two questions
            continue
        user, container = owners.get(pid, ["?", "-"])
        found.append(
            GpuProcess(gpu, pid, rest.rpartition(",")[0].strip(), user, by_id.get(container))
        )
    return tuple(found)


def _unit(told: str) -> Unit:
    state = dict(pair.split("=", 1) for pair in told.split())
    return Unit(
        there=state.get("LoadState") == "loaded",
        enabled=state.get("UnitFileState") in ("enabled", "enabled-runtime", "static"),
        active=state.get("ActiveState") == "active",
    )
