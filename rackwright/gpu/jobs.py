"""Who computes on a host's GPUs, and which changes would break that. Pure.

A process that computes does not survive another driver or a reboot. A container that got its GPUs
through the nvidia runtime, and not through CDI, loses them when systemd reloads its units (NVIDIA,
"Troubleshooting": "Failed to initialize NVML: Unknown Error"). A container of either kind keeps the
MIG devices that it was given, also when they are no more.
"""

from collections.abc import Iterable

from rackwright.look.gpu import GpuContainer, GpuProcess, Gpus


def all_jobs(gpus: Gpus) -> tuple[str, ...]:
    """Everybody who computes."""
    return tuple(_process(gpus, each) for each in gpus.processes)


def on_gpus(gpus: Gpus, indexes: Iterable[str]) -> tuple[str, ...]:
    """Everybody who computes on the GPUs of these numbers, or nobody knows on which."""
    others = {gpu.uuid for gpu in gpus.gpus if gpu.index not in set(indexes)}
    return tuple(_process(gpus, each) for each in gpus.processes if each.gpu not in others)


def in_containers(gpus: Gpus, names: Iterable[str]) -> tuple[str, ...]:
    """Everybody who computes in the containers of these names."""
    wanted = set(names)
    return tuple(
        _process(gpus, each)
        for each in gpus.processes
        if each.container and each.container.name in wanted
    )


def in_use(gpus: Gpus, containers: Iterable[GpuContainer]) -> tuple[str, ...]:
    """Everybody who computes in these containers, and those of them that are idle."""
    wanted = tuple(containers)
    busy = {each.container for each in gpus.processes}
    return (
        *(_process(gpus, each) for each in gpus.processes if each.container in wanted),
        *(f"the container {each.name} ({_way(each)}, idle)" for each in wanted if each not in busy),
    )


def lost_by_reload(gpus: Gpus) -> tuple[GpuContainer, ...]:
    """The running containers that lose their GPUs when systemd reloads."""
    return tuple(each for each in gpus.containers if each.way == "runtime")


def computing(gpus: Gpus) -> tuple[str, ...]:
    """Names of the containers in which somebody computes."""
    containers = (process.container for process in gpus.processes)
    return tuple(dict.fromkeys(each.name for each in containers if each))


def _process(gpus: Gpus, process: GpuProcess) -> str:
    index = next((gpu.index for gpu in gpus.gpus if gpu.uuid == process.gpu), "?")
    where = ""
    if process.container:
        where = f" in the container {process.container.name} ({_way(process.container)})"
    return f"GPU {index}: {process.name} ({process.pid}) of {process.user}{where}"


def _way(container: GpuContainer) -> str:
    return "CDI" if container.way == "cdi" else "nvidia runtime"
