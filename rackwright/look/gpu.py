"""The GPUs of a host."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rackwright.look.package import Package


@dataclass(frozen=True)
class Gpu:
    """A GPU as nvidia-smi shows it; None where it shows nothing. Memory is in MiB."""

    index: str
    uuid: str
    bus: str
    name: str
    driver: str
    persistence: bool
    mig: bool | None = None
    mig_pending: bool | None = None
    memory: int | None = None
    memory_used: int | None = None
    temperature: int | None = None
    ecc_errors: int | None = None
    slowed: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True)
class GpuContainer:
    """A running container; `way` is how it got GPUs: "cdi", "runtime" or not at all ("")."""

    name: str
    runtime: str
    way: str = ""


@dataclass(frozen=True)
class GpuProcess:
    """A process that computes on the GPU of this UUID, in a container or not.

    Where nvidia-smi gave no answer it is one that has a GPU's device open, and `gpu` is "?".
    """

    gpu: str
    pid: str
    name: str
    user: str = "?"
    container: GpuContainer | None = None


@dataclass(frozen=True)
class Unit:
    """A systemd unit."""

    there: bool = False
    enabled: bool = False
    active: bool = False

    @property
    def runs(self) -> bool:
        """Whether it runs, and will after a reboot."""
        return self.active and self.enabled


@dataclass(frozen=True)
class Cdi:
    """The CDI specifications of NVIDIA's GPUs: names of devices, and the drivers they were made of.

    `in_force` says whether Docker reads them.
    """

    files: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    drivers: frozenset[str] = frozenset()
    in_force: bool = False


@dataclass(frozen=True)
class Gpus:
    """All that matters for a host's GPUs. `devices` and `switches` are those on the PCI bus.

    `devices` has PCI device numbers ("20b0"). By kernel: `headers` says for which there are some,
    `modules` which version of the driver's module there is. `loaded` is the module that runs;
    `failed` is what nvidia-smi said when it did not work. `containers` are those that got GPUs.
    """

    devices: tuple[str, ...] = ()
    switches: int = 0
    kernel: str = ""
    next_kernel: str = ""
    headers: frozenset[str] = frozenset()
    modules: Mapping[str, str] = field(default_factory=dict)
    loaded: str | None = None
    loaded_open: bool = False
    nouveau: bool = False
    nouveau_off: bool = False
    secure_boot: bool = False
    key_enrolled: bool = False
    signing_key: str = "/var/lib/dkms/mok.pub"
    packages: Mapping[str, Package] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    keyrings: Mapping[str, frozenset[str]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    gpus: tuple[Gpu, ...] = ()
    failed: str = ""
    cuda: str = ""
    processes: tuple[GpuProcess, ...] = ()
    containers: tuple[GpuContainer, ...] = ()
    cdi: Cdi = Cdi()
    runtimes: frozenset[str] = frozenset()
    default_runtime: str = ""
    units: Mapping[str, Unit] = field(default_factory=dict)

    @property
    def kernels(self) -> tuple[str, ...]:
        """The kernel that runs, and the one that boots next where that is another."""
        return tuple(dict.fromkeys((self.kernel, self.next_kernel)))

    def unit(self, name: str) -> Unit:
        """A unit that was looked at."""
        return self.units.get(name, Unit())
