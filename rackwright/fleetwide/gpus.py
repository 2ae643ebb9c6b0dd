"""The GPUs of all hosts in one table, with what is wrong and what to do about it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import click
from pyinfra.api import Host
from rich.table import Table
from rich.text import Text

from rackwright import exits
from rackwright.fleetwide.hosts import Fleet, fleet, wrong
from rackwright.gpu.health import Finding, findings
from rackwright.host.remote import run
from rackwright.laptop.layers import settings_of
from rackwright.look.answer import values_by_key
from rackwright.look.gpu import Gpu, GpuProcess, Gpus
from rackwright.look.gpu_answer import parse_gpus
from rackwright.look.probe import gpu_look
from rackwright.packages.nvidia import TOOLKIT_PACKAGES
from rackwright.report.outcome import Outcome
from rackwright.report.table import console
from rackwright.run import hosts_of
from rackwright.settings import Settings, SettingsError

Found = tuple[Gpus | None, tuple[Finding, ...]]
COLUMNS = (
    "host",
    "GPU",
    "model",
    "driver",
    "CUDA",
    "toolkit",
    "MIG",
    "memory",
    "temp",
    "processes",
)


def show_fleet(inventory: str, limit: Sequence[str], exclude: Sequence[str], as_json: bool) -> int:
    """Print the GPUs of all hosts; returns the exit code of `rackwright gpu`.

    With `as_json`, that is all that goes to standard output; what failed goes beside it.
    """
    try:
        with fleet(inventory, limit, exclude) as hosts:
            settings = settings_of(hosts_of(hosts.state))
            found = hosts.ask(lambda host: _look(host, settings[host.name]))
            for name, (gpus, ill) in found.items():
                outcome = Outcome.DRIFTED if ill else Outcome.DONE
                hosts.over(name, outcome, _summary(gpus, ill))
            if as_json:
                click.echo(
                    json.dumps([_record(name, *each) for name, each in found.items()], indent=2)
                )
                hosts.tell_failures()
                return _code(hosts)
            if any(gpus for gpus, _ in found.values()):
                console().print(_table(found))
            hosts.finish()
            return _code(hosts)
    except SettingsError as error:
        return wrong(error)


def _code(hosts: Fleet) -> int:
    outcomes = {row.outcome for row in hosts.rows}
    return exits.DRIFT if outcomes <= {Outcome.DONE, Outcome.DRIFTED} and hosts.code else hosts.code


def _look(host: Host, settings: Settings) -> Found:
    values = values_by_key(run(host, gpu_look(settings)))
    gpus = parse_gpus(values) if "gpu_pci" in values else None
    return gpus, findings(gpus, settings)


def _summary(gpus: Gpus | None, ill: Sequence[Finding]) -> str:
    if ill:
        return "\n".join(map(str, ill))
    return f"{len(gpus.devices)} GPUs, all is well" if gpus else "no GPU"


def _table(found: dict[str, Found]) -> Table:
    table = Table()
    for title in COLUMNS:
        right = title in ("memory", "temp")
        table.add_column(title, justify="right" if right else "left", no_wrap=title == "host")
    for name, (gpus, _) in found.items():
        for words in _rows(gpus) if gpus else ():
            # Text takes a host's words as they are; a plain string would be read as markup.
            table.add_row(*map(Text, (name, *words)))
        table.add_section()
    return table


def _rows(gpus: Gpus) -> Iterable[tuple[str, ...]]:
    if not gpus.gpus:
        # Without a driver that works, the PCI bus is all that tells of them.
        for number, device in enumerate(gpus.devices):
            yield (str(number), f"10de:{device}", *_versions(gpus), "", "", "", "")
    for gpu in gpus.gpus:
        processes = [each for each in gpus.processes if each.gpu == gpu.uuid]
        yield (
            gpu.index,
            gpu.name,
            *_versions(gpus),
            _mig(gpu),
            "" if gpu.memory is None else f"{gpu.memory_used}/{gpu.memory} MiB",
            "" if gpu.temperature is None else f"{gpu.temperature} °C",
            "\n".join(map(_process, processes)),
        )


def _versions(gpus: Gpus) -> tuple[str, str, str]:
    toolkit = gpus.packages.get(TOOLKIT_PACKAGES[0])
    driver = gpus.loaded or next(iter(gpus.modules.values()), "none")
    return driver, gpus.cuda, toolkit.version if toolkit else "none"


def _mig(gpu: Gpu) -> str:
    if gpu.mig is None:
        return ""
    return (", ".join(gpu.profiles) or "on") if gpu.mig else "off"


def _process(process: GpuProcess) -> str:
    where = f" in {process.container.name}" if process.container else ""
    return f"{process.name} ({process.pid}) of {process.user}{where}"


def _record(name: str, gpus: Gpus | None, ill: Sequence[Finding]) -> dict[str, Any]:
    driver, cuda, toolkit = _versions(gpus) if gpus else ("", "", "")
    return {
        "host": name,
        "devices": list(gpus.devices) if gpus else [],
        "nvswitches": gpus.switches if gpus else 0,
        "kernel": gpus.kernel if gpus else "",
        "next_kernel": gpus.next_kernel if gpus else "",
        "driver": driver,
        "cuda": cuda,
        "toolkit": toolkit,
        "gpus": [asdict(gpu) for gpu in gpus.gpus] if gpus else [],
        "processes": [asdict(each) for each in gpus.processes] if gpus else [],
        "findings": [asdict(each) for each in ill],
    }
